/** Reads how loud a track is. */
export interface Meter {
  /** 0 to 1, on a scale that a voice fills. */
  read(): number
  close(): void
}

/** What the meter's left end stands for; speech near a microphone is at -30 to -10. */
const QUIETEST_DECIBELS = -60
const TONE_HZ = 660
const TONE_SECONDS = 0.7

/** Listens to a track without changing it. Stays at 0 until the page was clicked, where browsers want that. */
export function meterOf(track: MediaStreamTrack): Meter {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples)
      return levelOf(samples)
    },
    close: () => void context.close(),
  }
}

/** The loudness of samples, 0 to 1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12)
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DECIBELS))
}

/** Plays a short tone by one speaker; empty is the system's default. */
export async function playTone(speakerId: string): Promise<void> {
  const context = new AudioContext()
  const oscillator = context.createOscillator()
  const volume = context.createGain()
  const out = context.createMediaStreamDestination()
  oscillator.frequency.value = TONE_HZ
  volume.gain.setValueAtTime(0.25, context.currentTime)
  volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + TONE_SECONDS)
  oscillator.connect(volume).connect(out)
  const player = new Audio()
  player.srcObject = out.stream
  try {
    if (speakerId !== '' && 'setSinkId' in player) await player.setSinkId(speakerId)
    await player.play()
    oscillator.start()
    await new Promise((resolve) => setTimeout(resolve, TONE_SECONDS * 1000))
  } finally {
    player.srcObject = null
    await context.close()
  }
}

/** Paints a picture onto the canvas that the pump was made with. */
export type PaintFrame = (picture: TexImageSource, width: number, height: number) => void

/** Paints over every frame of a track and creates a track of the result. */
export interface FramePump {
  readonly track: MediaStreamTrack
  stop(): void
}

/** MediaStreamTrackProcessor and Generator (mediacapture-transform): Chromium has both in windows. */
interface BreakoutBox {
  readonly MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => {
    readonly readable: ReadableStream<VideoFrame>
  }
  readonly MediaStreamTrackGenerator?: new (init: { kind: 'video' }) => MediaStreamTrack & {
    readonly writable: WritableStream<VideoFrame>
  }
}

/** True where pictures come out of a track one by one, also while the page is hidden. */
export function hasBreakoutBox(): boolean {
  const { MediaStreamTrackProcessor, MediaStreamTrackGenerator } = globalThis as BreakoutBox
  return MediaStreamTrackProcessor !== undefined && MediaStreamTrackGenerator !== undefined
}

/** Where {@link hasBreakoutBox}: one picture in, one picture out, with its own time. */
export function pumpFrames(track: MediaStreamTrack, canvas: OffscreenCanvas, paint: PaintFrame): FramePump {
  const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } =
    globalThis as unknown as Required<BreakoutBox>
  const output = new Generator({ kind: 'video' })
  const stopping = new AbortController()
  const transform = new TransformStream<VideoFrame, VideoFrame>({
    transform: (frame, controller) => {
      const { displayWidth, displayHeight, timestamp } = frame
      try {
        paint(frame, displayWidth, displayHeight)
        controller.enqueue(new VideoFrame(canvas, { timestamp }))
      } finally {
        frame.close()
      }
    },
  })
  new Processor({ track, maxBufferSize: 1 }).readable
    .pipeThrough(transform, { signal: stopping.signal })
    .pipeTo(output.writable, { signal: stopping.signal })
    // Rejected by the signal, or by the end of the camera.
    .catch(() => undefined)
  return {
    track: output,
    stop: () => {
      stopping.abort()
      output.stop()
    },
  }
}

/** Everywhere else: a hidden video element shows the pictures, and the canvas is recorded. */
export async function pumpCanvas(
  track: MediaStreamTrack,
  canvas: HTMLCanvasElement,
  paint: PaintFrame,
): Promise<FramePump> {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.srcObject = new MediaStream([track])
  await video.play()
  let stopped = false
  const next = (): void => {
    if (stopped) return
    if (video.videoWidth > 0) paint(video, video.videoWidth, video.videoHeight)
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(next)
    else requestAnimationFrame(next)
  }
  next()
  const [output] = canvas.captureStream().getVideoTracks()
  return {
    track: output!,
    stop: () => {
      stopped = true
      video.srcObject = null
      output!.stop()
    },
  }
}

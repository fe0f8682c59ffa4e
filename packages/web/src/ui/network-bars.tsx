import type { NetworkQuality } from '@crossroom/client'
import type { VNode } from 'preact'
import { say, type Phrase } from '../i18n/say.js'
import './network-bars.css'

const WORDS: Readonly<Record<NetworkQuality, Phrase>> = {
  0: 'qualityUnknown',
  1: 'qualityExcellent',
  2: 'qualityGood',
  3: 'qualityFair',
  4: 'qualityPoor',
  5: 'qualityBad',
  6: 'qualityDown',
}

/** Four bars, as on a phone. Nothing while nothing is known. */
export function NetworkBars({ quality }: { quality: NetworkQuality }): VNode | null {
  if (quality === 0) return null
  const label = say('networkIs', { quality: say(WORDS[quality]) })
  const lit = Math.max(0, Math.min(4, 6 - quality))
  return (
    <svg class="network-bars" data-lit={lit} viewBox="0 0 20 16" role="img" aria-label={label}>
      <title>{label}</title>
      {[0, 1, 2, 3].map((bar) => (
        <rect
          key={bar}
          class={bar < lit ? 'lit' : ''}
          x={bar * 5}
          y={11 - bar * 3.6}
          width="3.4"
          height={5 + bar * 3.6}
          rx="1"
        />
      ))}
    </svg>
  )
}

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { say, type Phrase } from '../i18n/say.js'
import type { LocalMedia } from '../pages/room/local-media.js'
import './beauty.css'

/** The scale of the Mini Program's `beauty` and `whiteness`. */
const STRONGEST = 9

/** Two sliders: smoother, brighter. */
export function Beauty({ local }: { local: LocalMedia }): VNode {
  const { smoothing, whitening } = local.beauty.value
  return (
    <fieldset class="beauty">
      <legend>{say('beauty')}</legend>
      <Strength phrase="smoothing" value={smoothing} onChange={(value) => void local.setBeauty({ smoothing: value })} />
      <Strength phrase="whitening" value={whitening} onChange={(value) => void local.setBeauty({ whitening: value })} />
    </fieldset>
  )
}

function Strength(props: { phrase: Phrase; value: number; onChange: (value: number) => void }): VNode {
  const [shown, setShown] = useState(props.value)
  return (
    <label class="beauty-strength">
      <span>{say(props.phrase)}</span>
      <input
        type="range"
        min="0"
        max={STRONGEST}
        step="1"
        value={props.value}
        onInput={(event) => {
          setShown(event.currentTarget.valueAsNumber)
          props.onChange(event.currentTarget.valueAsNumber)
        }}
      />
      <output>{shown}</output>
    </label>
  )
}

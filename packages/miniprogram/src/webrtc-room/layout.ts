/** The arrangements that `template` names. Switching between them never re-creates a pusher or a player. */
export const templates = [
  '1v1',
  '1v3',
  '1u3d',
  '1l3r',
  'float',
  'grid',
  'bigsmall',
  '1v1bigsmall',
  '1v1horizontal',
] as const

export type Template = (typeof templates)[number]

/** What an unknown name becomes, as in the component that apps know. */
const DEFAULT_TEMPLATE: Template = 'float'

/** Where the small view of `bigsmall` stands; CSS lengths. */
export interface SmallView {
  readonly left: string
  readonly top: string
  readonly width: string
  readonly height: string
}

export interface LayoutInput {
  readonly template: string
  /** The remote members in seat order; undefined is an empty seat. */
  readonly seats: readonly (string | undefined)[]
  /** undefined: this phone only watches and has no pane. */
  readonly selfId: string | undefined
  /** The member in the main pane of 1u3d and 1l3r; empty: oneself. */
  readonly roomCreator: string
  readonly smallView: SmallView
}

/** A pane: its class says where the template's style sheet puts it, `style` overrides that for movable views. */
export interface Pane {
  readonly name: string
  readonly style: string
}

export interface Layout {
  readonly template: Template
  /** How many panes are in use; the grid has 2 or 3 columns by it. */
  readonly size: 'one' | 'four' | 'nine'
  readonly self: Pane
  /** One per seat, empty seats included. */
  readonly seats: readonly Pane[]
}

export function templateOf(name: string): Template {
  return templates.find((template) => template === name) ?? DEFAULT_TEMPLATE
}

/** How many others a template shows. */
export function maxMembersOf(template: Template): number {
  return template.startsWith('1v1') ? 1 : 3
}

/** Puts oneself and the members into panes p0 (the main one), p1, p2, …, in an order the template decides. */
export function layoutOf(input: LayoutInput): Layout {
  const template = templateOf(input.template)
  const order = orderOf(template, input)
  const pane = (who: string | undefined): Pane => {
    const index = who === undefined ? -1 : order.indexOf(who)
    return index < 0
      ? { name: 'empty', style: '' }
      : { name: `p${index}`, style: styleOf(template, index, input.smallView) }
  }
  return {
    template,
    size: order.length <= 1 ? 'one' : order.length <= 4 ? 'four' : 'nine',
    self: pane(input.selfId),
    seats: input.seats.map(pane),
  }
}

function orderOf(template: Template, { seats, selfId, roomCreator }: LayoutInput): readonly string[] {
  const others = seats.filter((seat) => seat !== undefined)
  const self = selfId === undefined ? [] : [selfId]
  const casterFirst = template === '1u3d' || template === '1l3r'
  if (casterFirst && others.includes(roomCreator)) {
    return [roomCreator, ...self, ...others.filter((userId) => userId !== roomCreator)]
  }
  const selfIsSmall = template === 'bigsmall' || template === '1v1' || template === '1v1bigsmall'
  const [first, ...rest] = others
  return selfIsSmall && first !== undefined ? [first, ...self, ...rest] : [...self, ...others]
}

function styleOf(template: Template, index: number, view: SmallView): string {
  if (template !== 'bigsmall' || index === 0) return ''
  const left = index === 1 ? view.left : `calc(${view.left} + ${index - 1} * ${view.width})`
  return `left:${left};top:${view.top};width:${view.width};height:${view.height}`
}

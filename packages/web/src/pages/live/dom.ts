/** The element with this id, checked to be what the page's HTML says it is. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}`)
  return found
}

/** A new element with a class and children; texts become text nodes, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** Leaves an unchanged text alone, so that a screen reader does not say it again. */
export function setText(element: HTMLElement, value: string): void {
  if (element.textContent !== value) element.textContent = value
}

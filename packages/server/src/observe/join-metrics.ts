/** Several texts for Prometheus as one: each metric stands in it once, with the values of all. */
export function joinMetrics(texts: readonly string[]): string {
  const families = new Map<string, { readonly head: string[]; readonly samples: string[] }>()
  for (const text of texts) {
    let family: { readonly head: string[]; readonly samples: string[] } | undefined
    let isFirst = false
    for (const line of text.split('\n')) {
      const [, keyword, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
      if (name !== undefined) {
        if (keyword === 'HELP') {
          isFirst = !families.has(name)
          if (isFirst) families.set(name, { head: [], samples: [] })
          family = families.get(name)
        }
        if (isFirst) family?.head.push(line)
      } else if (line !== '') family?.samples.push(line)
    }
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`).join('\n')
}

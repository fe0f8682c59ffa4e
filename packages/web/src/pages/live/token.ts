/**
 * The stream's token in the address, `?token=` or after the `#`. It is removed from the address immediately and kept in
 * the history entry, which a reload and "Back" restore, and which is not copied with a link.
 */
export function takeToken(page: Pick<Window, 'location' | 'history'> = window): string | undefined {
  const { location, history } = page
  const query = new URLSearchParams(location.search)
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? query.get('token')
  const kept = (history.state as { readonly token?: string } | null)?.token
  if (token === null) return kept
  query.delete('token')
  const rest = query.toString().replaceAll('%2F', '/')
  history.replaceState({ token }, '', `${location.pathname}${rest === '' ? '' : `?${rest}`}`)
  return token
}

/** The codec library by its low-level, synchronous calls. */
export type Library = typeof import('node-av/lib') & { readonly constants: typeof import('node-av/constants') }

let loaded: Promise<Library> | undefined

/** The codec library is not installed, or has no binary for this platform. */
export class NoLibraryError extends Error {
  override readonly name = 'NoLibraryError'
}

/** Loads the library once. Rejects with {@link NoLibraryError}. */
export function loadLibrary(): Promise<Library> {
  loaded ??= Promise.all([import('node-av/lib'), import('node-av/constants')]).then(
    ([library, constants]) => {
      library.Log.setLevel(constants.AV_LOG_FATAL)
      return { ...library, constants }
    },
    (cause: unknown) => {
      const [reason] = (cause as Error).message.split('\n')
      throw new NoLibraryError(`The codecs of a simulated phone are not there (npm install node-av): ${reason ?? ''}`, {
        cause,
      })
    },
  )
  return loaded
}

/** FFmpeg's answer to a call that cannot go on until more comes in or is taken out, and to one after the end. */
export function isPause(library: Library, code: number): boolean {
  return code === library.constants.AVERROR_EAGAIN || code === library.constants.AVERROR_EOF
}

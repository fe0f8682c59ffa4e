import { useEffect } from 'preact/hooks'

/** Keeps the screen of a phone on while the component is there and the page is seen; browsers may refuse. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined
    let gone = false
    const ask = async (): Promise<void> => {
      if (!('wakeLock' in navigator) || document.visibilityState !== 'visible') return
      lock = await navigator.wakeLock.request('screen').catch(() => undefined)
      if (gone) await lock?.release()
    }
    const handleVisibility = (): void => void ask()
    // The browser takes the lock back whenever the page is hidden.
    document.addEventListener('visibilitychange', handleVisibility)
    void ask()
    return () => {
      gone = true
      document.removeEventListener('visibilitychange', handleVisibility)
      void lock?.release()
    }
  }, [])
}

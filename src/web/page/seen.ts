// Is the page looked at? What only eyes need stops while it is not: a browser has six connections to one host.

/** Calls `begin` now, if the page is seen, and each time that it is again; what that returned when it no longer is. @returns ends it */
export function whileSeen(begin: () => () => void): () => void {
  let stop: (() => void) | undefined
  const look = (): void => {
    if (document.hidden) {
      stop?.()
      stop = undefined
    } else stop ??= begin()
  }
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    document.removeEventListener('visibilitychange', look)
    stop?.()
  }
}

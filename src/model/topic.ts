// MQTT topic names and filters [MQTT-4.7]: validity and matching.

/** @returns why `filter` is no topic filter [MQTT-4.7.1-2, -3], or undefined when it is one. */
export function filterFault(filter: string): string | undefined {
  const fault = textFault(filter)
  if (fault) return fault
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return "'#' stands alone and in the last level only"
    }
    if (level.includes('+') && level !== '+') return "'+' stands alone in its level"
  }
  return undefined
}

/** @returns why `topic` is no topic name [MQTT-3.3.2-2], or undefined when it is one. */
export function topicFault(topic: string): string | undefined {
  return textFault(topic) ?? (hasWildcard(topic) ? "'+' and '#' are for filters" : undefined)
}

// [MQTT-4.7.3-1, -2, -3], [MQTT-1.5.3-2]
function textFault(text: string): string | undefined {
  if (text === '') return 'must not be empty'
  if (text.includes('\0')) return 'must not hold the character NUL'
  return undefined
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#')
}

/** [MQTT-4.7.2-1]: a filter that starts with a wildcard does not match a topic that starts with `$`. */
export function topicMatches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (!hasWildcard(filter)) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (levels[0]!.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length) return false
    if (level !== '+' && level !== levels[index]) return false
  }
  return wanted.length === levels.length
}

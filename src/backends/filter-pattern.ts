// An MQTT filter as a regular expression.

const END = { pgsql: '$', pcre: '\\z' }

/**
 * Pure. In both dialects `.` and `[^/]` match a newline too. PCRE's `$` would match before one at the end, so that `\z` is
 * used there.
 */
export function filterPattern(filter: string, dialect: keyof typeof END): string {
  const end = END[dialect]
  const levels = filter.split('/')
  const rest = levels.at(-1) === '#'
  if (rest) levels.pop()
  const pattern = levels
    .map((level) => (level === '+' ? '[^/]*' : level.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')))
    .join('/')
  const reserved = /^[+#]/.test(filter) ? '(?!\\$)' : '' // [MQTT-4.7.2-1]
  if (!rest) return `^${reserved}${pattern}${end}`
  return levels.length === 0 ? `^${reserved}` : `^${reserved}${pattern}(/|${end})` // 'a/#' matches 'a' too
}

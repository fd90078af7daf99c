// JSON Schema (draft 2020-12, as OpenAPI 3.1 has it) that carries the TypeScript type of what it describes: what the API
// promises is what the compiler checks. Builders, not a library: typebox does the same for 20 MB and 80 ms of each start.

declare const described: unique symbol

/** A plain object, to be given to a validator as it is. */
export interface Schema<out T = unknown> {
  readonly [described]?: T
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly [keyword: string]: unknown
}

/** What a schema describes. */
export type Described<S> = S extends Schema<infer T> ? T : never

type Keywords = Readonly<Record<string, unknown>>

function schema<T>(type: string, description: string | undefined, keywords: Keywords = {}): Schema<T> {
  return { type, ...(description !== undefined && { description }), ...keywords }
}

export const text = (description?: string, keywords?: Keywords): Schema<string> =>
  schema('string', description, keywords)
/** ISO 8601. */
export const time = (description?: string): Schema<string> => schema('string', description, { format: 'date-time' })
export const integer = (description?: string, keywords?: Keywords): Schema<number> =>
  schema('integer', description, keywords)
export const number = (description?: string): Schema<number> => schema('number', description)
export const flag = (description?: string): Schema<boolean> => schema('boolean', description)
export const oneOf = <const W extends string>(words: readonly W[], description?: string): Schema<W> =>
  schema('string', description, { enum: words })
export const listOf = <T>(items: Schema<T>, description?: string): Schema<readonly T[]> =>
  schema('array', description, { items })
/** By names that are not known beforehand. */
export const mapOf = <T>(values: Schema<T>, description?: string): Schema<Readonly<Record<string, T>>> =>
  schema('object', description, { additionalProperties: values })
export const anything = (description?: string): Schema<unknown> => (description === undefined ? {} : { description })

export function orNull<T>(inner: Schema<T>): Schema<T | null> {
  const { type, enum: words, ...rest } = inner
  if (typeof type !== 'string' || type === 'object') return { anyOf: [inner, { type: 'null' }] }
  return { ...rest, type: [type, 'null'], ...(words && { enum: [...words, null] }) }
}

type Properties = Readonly<Record<string, Schema>>
type Values<P extends Properties> = { readonly [K in keyof P]: Described<P[K]> }
type MaybeValues<P extends Properties> = { readonly [K in keyof P]?: Described<P[K]> }

/** An object. @param maybe properties that may be absent */
export function record<P extends Properties, M extends Properties = Record<never, Schema>>(
  properties: P,
  maybe?: M,
): Schema<Values<P> & MaybeValues<M>> {
  return schema('object', undefined, {
    properties: { ...properties, ...maybe },
    required: Object.keys(properties),
  })
}

/** A connection that could not be made ready is not left open: each try would leave one more, until the server has no more. */
export async function orDestroy<T>(connection: { destroy(why: Error): void }, ready: Promise<T>): Promise<T> {
  try {
    return await ready
  } catch (error) {
    connection.destroy(error as Error)
    throw error
  }
}

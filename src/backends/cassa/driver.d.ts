// What the driver has but does not declare: how a statement is prepared, and what the server says of its parameters.

declare module 'cassandra-driver/lib/prepare-handler.js' {
  import type { Client, policies } from 'cassandra-driver'

  /** `code` is one of `types.dataTypes`. */
  export interface ParameterType {
    readonly code: number
  }

  interface Prepared {
    readonly meta: { readonly columns: readonly { readonly name: string; readonly type: ParameterType }[] }
  }

  const PrepareHandler: {
    getPrepared(
      client: Client,
      loadBalancing: policies.loadBalancing.LoadBalancingPolicy,
      text: string,
      keyspace: string,
    ): Promise<Prepared>
  }
  export default PrepareHandler
}

// What other rooms use of this one.

export { knownParameter, parameterNames, unknownParameters } from './parameters.ts'
export { type PlanContext, plan } from './plan.ts'
export { type ParsedStatement, parseStatement } from './statement.ts'

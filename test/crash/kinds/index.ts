// A database's kind → what the crash suite knows of it.

import type { CrashKind } from '../kind.ts'
import { cassa } from './cassa.ts'
import { dynamo } from './dynamo.ts'
import { mongo, mongoAlone } from './mongo.ts'
import { mysql } from './mysql.ts'
import { pgsql } from './pgsql.ts'
import { redis } from './redis.ts'

export const KINDS: readonly CrashKind[] = [pgsql, mysql, redis, mongo, mongoAlone, cassa, dynamo]

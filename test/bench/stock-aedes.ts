// The peer: the broker library as it comes, with nothing of ours.  node stock-aedes.ts PORT

import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const broker = await Aedes.createBroker()
createServer(broker.handle).listen(Number(process.argv[2]), '127.0.0.1')

import './style.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { lookUp } from './session.ts'

const RETRY_MS = 3000

async function begin(): Promise<void> {
  try {
    await lookUp()
  } catch {
    setTimeout(begin, RETRY_MS)
  }
}

const root = document.getElementById('page')!
root.replaceChildren()
render(<App />, root)
void begin()

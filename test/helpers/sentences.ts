// What the sources say to people, found in their syntax trees: faults, hints, what is expected, what commands will do and did.

import { readFileSync } from 'node:fs'
import { type ParseResult, parse } from '@babel/parser'

export interface Sentence {
  /** With `{name}` in the place of what differs. */
  readonly text: string
  /** `file:line` */
  readonly at: string
}

// biome-ignore lint/suspicious/noExplicitAny: a node of any kind; what it has is asked before it is used
type Node = any

/** Which arguments of a constructor or a function are said. */
const SAID_BY = new Map<string, readonly number[]>(
  Object.entries({
    ...{ HoldfastError: [1], BackendError: [2], QueueFull: [0], usageError: [0], wrong: [0], problem: [2] },
    ...{
      'faults.error': [1, 2],
      'faults.warning': [1, 2],
      '#faults.error': [1, 2],
      '#faults.warning': [1, 2],
      'warnings.push': [0],
      denied: [0],
    },
    ...{ 'faults.push': [0], '#expected': [0, 1] },
    ...{ valueType: [0], parameterType: [0], matching: [1], word: [0], anyText: [0], notExpected: [0] },
  }),
)
/** Properties whose values are said. */
const SAID_AS = new Set(['hint', 'fault', 'expected', 'lack', 'message'])
/** Methods of commands, and other functions and constants, all of whose texts are said. */
const SAID_IN_COMMANDS = new Set(['will', 'did'])
const SAID_IN =
  /^(edited|planned|spoken|letters|counted|explained|changesBetween|.+Changes|.*Faults?|weakness|inLiteral|.*(w|W)arnings\w*|#lack|linesOf|FACES|CAME|OF_IMAGE|NO_[A-Z]+|CLUSTER|DATABASE|NOT_KEPT|EVICTS)$/

export function sentencesIn(file: string, name: string): Sentence[] {
  const tree = parse(readFileSync(file, 'utf8'), { sourceType: 'module', plugins: ['typescript'] })
  return new Reader(tree, name).read()
}

class Reader {
  readonly #tree: ParseResult
  readonly #file: string
  /** Constants and functions of the file, by name. */
  readonly #known = new Map<string, Node>()
  readonly #found: Sentence[] = []

  constructor(tree: ParseResult, file: string) {
    this.#tree = tree
    this.#file = file
  }

  read(): Sentence[] {
    each(this.#tree.program, (node) => {
      if (node.type === 'VariableDeclarator' && node.init && node.id.type === 'Identifier') {
        this.#known.set(node.id.name, node.init)
      }
      if (node.type === 'FunctionDeclaration' && node.id) this.#known.set(node.id.name, node)
    })
    each(this.#tree.program, (node) => this.#look(node))
    return this.#found
  }

  #look(node: Node): void {
    if (node.type === 'NewExpression' || node.type === 'CallExpression') {
      for (const index of SAID_BY.get(nameOf(node.callee)) ?? []) this.#keep(node.arguments[index])
    } else if (node.type === 'ObjectProperty' && SAID_AS.has(node.key.name)) this.#keep(node.value)
    const isSaid = IN_OBJECTS.has(node.type) ? SAID_IN_COMMANDS.has(nameOf(node)) : isDeclared(node)
    if (isSaid) texts(node.init ?? node.value ?? node.body, (text) => this.#keep(text))
  }

  #keep(node: Node): void {
    for (const leaf of this.#leaves(node, new Set())) {
      this.#found.push({ text: textOf(leaf), at: `${this.#file}:${leaf.loc.start.line}` })
    }
  }

  /** Texts that an expression may come to. */
  #leaves(node: Node, seen: Set<Node>): Node[] {
    if (!node || seen.has(node)) return []
    seen.add(node)
    const of = (...nodes: Node[]): Node[] => nodes.flatMap((one) => this.#leaves(one, seen))
    switch (node.type) {
      case 'StringLiteral':
      case 'TemplateLiteral':
        return [node]
      case 'BinaryExpression':
        return node.operator === '+' ? [node] : []
      case 'ConditionalExpression':
        return of(node.consequent, node.alternate)
      case 'LogicalExpression':
        return of(node.left, node.right)
      case 'Identifier':
        return of(this.#known.get(node.name))
      case 'CallExpression':
        return node.callee.type === 'Identifier' ? of(this.#known.get(node.callee.name)) : []
      case 'ArrowFunctionExpression':
        return node.body.type === 'BlockStatement' ? of(...returnsOf(node)) : of(node.body)
      case 'FunctionDeclaration':
        return of(...returnsOf(node))
      default:
        return []
    }
  }
}

const IN_OBJECTS = new Set(['ObjectProperty', 'ObjectMethod'])
const DECLARING = new Set(['VariableDeclarator', 'FunctionDeclaration', 'ClassPrivateMethod'])
const isDeclared = (node: Node): boolean => DECLARING.has(node.type) && SAID_IN.test(nameOf(node))

/** Of a declaration, or of what is called: `f`, or `object.f` with the object's last name. */
function nameOf(node: Node): string {
  const { id, key, name, property, object } = node
  if (name !== undefined) return name
  if (node.type === 'PrivateName') return `#${id.name}`
  if (object) return [nameOf(object.property ?? object), nameOf(property)].filter((one) => one !== '').join('.')
  return id || key ? nameOf(id ?? key) : ''
}

const isText = ({ type }: Node): boolean => ['StringLiteral', 'TemplateLiteral', 'BinaryExpression'].includes(type)

function returnsOf(node: Node): Node[] {
  const found: Node[] = []
  each(node.body, (inner) => inner.type === 'ReturnStatement' && found.push(inner.argument))
  return found
}

function textOf(node: Node): string {
  if (node.type === 'StringLiteral') return node.value
  if (node.type === 'BinaryExpression') return textOf(node.left) + textOf(node.right)
  if (node.type !== 'TemplateLiteral') return '{it}'
  return node.quasis
    .map(({ value }: Node, i: number) => value.cooked + (i < node.expressions.length ? '{it}' : ''))
    .join('')
}

/** Whole ones: not the parts that are put together. */
function texts(node: Node, found: (text: Node) => void): void {
  if (isText(node)) found(node)
  else for (const inner of childrenOf(node)) texts(inner, found)
}

function each(node: Node, look: (node: Node) => unknown): void {
  look(node)
  for (const inner of childrenOf(node)) each(inner, look)
}

const childrenOf = (node: Node): Node[] =>
  Object.values(node)
    .flat()
    .filter((value: Node) => typeof value?.type === 'string')

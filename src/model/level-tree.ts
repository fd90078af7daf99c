// A tree of paths, by level. Levels that no branch separates are one node: a path takes two nodes at most, however many
// levels it has, so a client that invents long ones does not fill the memory, and to follow them is to compare texts.

export interface LevelNode<V> {
  /** Those between the node above and this one; the root has none. */
  levels: readonly string[]
  /** By the first of their levels. */
  children: Map<string, LevelNode<V>> | undefined
  value: V | undefined
}

const noNode = <V>(levels: readonly string[]): LevelNode<V> => ({ levels, children: undefined, value: undefined })

export class LevelTree<V> {
  readonly root: LevelNode<V> = noNode([])

  /** The node of a path, made if it is not there; it is to be given a value. */
  at(path: string): LevelNode<V> {
    const levels = path.split('/')
    let node = this.root
    for (let at = 0; at < levels.length; at += node.levels.length) {
      const child = node.children?.get(levels[at]!)
      const common = child ? commonLevels(child.levels, levels, at) : 0
      if (child && common < child.levels.length) node = split(node, child, common)
      else node = child ?? addChild(node, noNode(levels.slice(at)))
    }
    return node
  }

  /** The node of a path, if it is there; not each has a value. */
  find(path: string): LevelNode<V> | undefined {
    return this.#way(path)?.at(-1)
  }

  /** Lets a path go whose node has no value any more, and what was there for its sake. */
  prune(path: string): void {
    const [node, above] = this.#way(path)?.reverse() ?? []
    if (!node || !above || node.value !== undefined) return
    if (!node.children) {
      above.children!.delete(node.levels[0]!)
      if (above.children!.size === 0) above.children = undefined
    }
    join(node.children ? node : above)
  }

  /** From the root to the path's node. */
  #way(path: string): LevelNode<V>[] | undefined {
    const levels = path.split('/')
    let node = this.root
    const way = [node]
    for (let at = 0; at < levels.length; at += node.levels.length) {
      const child = node.children?.get(levels[at]!)
      if (!child || commonLevels(child.levels, levels, at) < child.levels.length) return undefined
      node = child
      way.push(node)
    }
    return way
  }
}

function commonLevels(some: readonly string[], path: readonly string[], from: number): number {
  let common = 0
  while (common < some.length && some[common] === path[from + common]) common++
  return common
}

function addChild<V>(node: LevelNode<V>, child: LevelNode<V>): LevelNode<V> {
  node.children ??= new Map()
  node.children.set(child.levels[0]!, child)
  return child
}

/** Puts a node between two, with the first `count` levels of the lower one. */
function split<V>(above: LevelNode<V>, below: LevelNode<V>, count: number): LevelNode<V> {
  const between = addChild(above, noNode<V>(below.levels.slice(0, count)))
  below.levels = below.levels.slice(count)
  addChild(between, below)
  return between
}

/** A node without a value and with one child is none. */
function join<V>(node: LevelNode<V>): void {
  if (node.value !== undefined || node.children?.size !== 1 || node.levels.length === 0) return
  const [child] = node.children.values()
  Object.assign(node, { ...child!, levels: [...node.levels, ...child!.levels] })
}

/**
 * Metric math as text: the operators, and the functions that mean the same however many points are looked at. Pure.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */

export const ARITHMETIC = ['+', '-', '*', '/', '^'] as const;
export const COMPARING = ['==', '!=', '<=', '>=', '<', '>'] as const;
export const LOGICAL = ['AND', 'OR'] as const;
export type Operator = (typeof ARITHMETIC | typeof COMPARING | typeof LOGICAL)[number];

export const FUNCTIONS = ['ABS', 'AVG', 'CEIL', 'FILL', 'FLOOR', 'IF', 'MAX', 'MIN', 'PERIOD', 'SUM'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  /** Of a metric or of another expression. */
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'negation'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: Exclude<FunctionName, 'FILL'>; readonly args: readonly Expression[] }
  /** `with`: a number, or the last value before the gap. */
  | { readonly kind: 'fill'; readonly of: Expression; readonly with: Expression | 'REPEAT' };

/** An expression that is not understood. The message says where, and what is. */
export class MathError extends Error {
  override readonly name = 'MathError';
}

/** AWS's limit for an expression. */
const CHARACTERS_MAX = 2_048;
const NESTING_MAX = 100;
const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z][A-Za-z0-9_]*)|(==|!=|<=|>=|&&|\|\||[-+*/^<>()[\],]))/y;

/** Loosest first. `&&` and `||` are AND and OR. AWS documents no precedence; this is the usual one. */
const LEVELS: readonly (readonly Operator[])[] = [['OR'], ['AND'], COMPARING, ['+', '-'], ['*', '/'], ['^']];

/** @throws {MathError} */
export const parseMath = (text: string): Expression => {
  if (text.length > CHARACTERS_MAX) throw new MathError(`given ${text.length} characters; supported: ${CHARACTERS_MAX}`);
  return new Parser(tokensOf(text)).parse();
};

interface Token {
  readonly kind: 'number' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) throw new MathError(`given "${text.slice(at).trim().slice(0, 20)}" at ${at}; supported: ${SUPPORTED}`);
    const [, number, word, sign = ''] = found;
    at = TOKEN.lastIndex;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else tokens.push({ kind: 'sign', text: sign, at });
  }
  return [...tokens, { kind: 'end', text: '', at }];
};

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    const expression = this.#level(0);
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return expression;
  }

  #level(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#level(level + 1);
    for (;;) {
      const operator = operators.find((each) => SPELLINGS[each]?.includes(this.#peek().text) ?? this.#peek().text === each);
      if (operator === undefined || this.#peek().kind === 'number') return left;
      this.#next += 1;
      left = { kind: 'binary', operator, left, right: this.#level(level + 1) };
    }
  }

  #unary(): Expression {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) throw new MathError(`given an expression nested deeper than ${NESTING_MAX}; write it flatter`);
    const expression: Expression = this.#take('-') ? { kind: 'negation', of: this.#unary() } : this.#primary();
    this.#depth -= 1;
    return expression;
  }

  #primary(): Expression {
    const { kind, text } = this.#peek();
    if (kind === 'number') {
      this.#next += 1;
      return { kind: 'number', value: Number(text) };
    }
    if (kind === 'word') {
      this.#next += 1;
      if (this.#take('(')) return this.#call(text);
      // AWS: ids begin with a lower-case letter, functions are written in upper case.
      if (/^[a-z]/.test(text)) return { kind: 'id', id: text };
      this.#next -= 1;
      throw this.#unexpected();
    }
    if (this.#take('(')) {
      const expression = this.#level(0);
      this.#expect(')');
      return expression;
    }
    if (this.#take('[')) return { kind: 'list', items: this.#arguments(']') };
    throw this.#unexpected();
  }

  #call(name: string): Expression {
    const known = FUNCTIONS.find((each) => each === name);
    if (known === undefined) throw new MathError(`given the function ${name}; supported: ${FUNCTIONS.join(', ')}`);
    if (known !== 'FILL') return { kind: 'call', name: known, args: this.#arguments(')') };
    const of = this.#level(0);
    this.#expect(',');
    const filler = this.#take('REPEAT') ? 'REPEAT' : this.#level(0);
    this.#expect(')');
    return { kind: 'fill', of, with: filler };
  }

  #arguments(end: string): readonly Expression[] {
    const args = [this.#level(0)];
    while (this.#take(',')) args.push(this.#level(0));
    this.#expect(end);
    return args;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  #take(text: string): boolean {
    const found = this.#peek().kind !== 'end' && this.#peek().text === text;
    if (found) this.#next += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(`"${text}"`);
  }

  #unexpected(expected: string = SUPPORTED): MathError {
    const { kind, text } = this.#peek();
    return new MathError(`given ${kind === 'end' ? 'the end of the expression' : `"${text}"`}; supported here: ${expected}`);
  }
}

const SPELLINGS: Readonly<Partial<Record<Operator, readonly string[]>>> = { AND: ['AND', '&&'], OR: ['OR', '||'] };

const SUPPORTED = `numbers, ids, ${ARITHMETIC.join(' ')}, ${COMPARING.join(' ')}, AND, OR, [lists], parentheses and ${FUNCTIONS.join(', ')}`;

/** Ids that an expression refers to, each once. */
export const idsIn = (expression: Expression): readonly string[] => {
  switch (expression.kind) {
    case 'number':
      return [];
    case 'id':
      return [expression.id];
    default:
      return [...new Set(partsOf(expression).flatMap(idsIn))];
  }
};

/** Numbers that an expression holds. */
export const numbersIn = (expression: Expression): readonly number[] => {
  switch (expression.kind) {
    case 'number':
      return [expression.value];
    case 'id':
      return [];
    default:
      return partsOf(expression).flatMap(numbersIn);
  }
};

/** The expression with other expressions in the place of their ids; undefined leaves an id as it is. */
export const substitute = (expression: Expression, replacement: (id: string) => Expression | undefined): Expression => {
  const inside = (each: Expression): Expression => substitute(each, replacement);
  switch (expression.kind) {
    case 'number':
      return expression;
    case 'id':
      return replacement(expression.id) ?? expression;
    case 'list':
      return { kind: 'list', items: expression.items.map(inside) };
    case 'negation':
      return { kind: 'negation', of: inside(expression.of) };
    case 'binary':
      return { ...expression, left: inside(expression.left), right: inside(expression.right) };
    case 'call':
      return { ...expression, args: expression.args.map(inside) };
    case 'fill':
      return { ...expression, of: inside(expression.of), with: expression.with === 'REPEAT' ? 'REPEAT' : inside(expression.with) };
  }
};

const partsOf = (expression: Exclude<Expression, { readonly kind: 'number' | 'id' }>): readonly Expression[] => {
  switch (expression.kind) {
    case 'list':
      return expression.items;
    case 'negation':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'fill':
      return expression.with === 'REPEAT' ? [expression.of] : [expression.of, expression.with];
  }
};

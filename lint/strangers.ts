// Says where a stranger could end a process: by a failure or by memory. A promise that nobody looks after, `void` before one, a listener or
// timer that gives one back, and a body that is read without a bound. Biome's noFloatingPromises takes `void p` for an answer, does not
// see listeners, and knows no types of bodies, so this asks the TypeScript checker. Run by `node setup.mjs check`.
import path from 'node:path';
import ts from 'typescript';

/** Those who call a function and drop what it returns. */
const callers =
  /^(on|once|off|addListener|prependListener|addEventListener|setInterval|setTimeout|setImmediate|queueMicrotask|nextTick|forEach|createServer|createSecureServer)$/;
/** In tests a failure that nobody looked after must be seen: the test runner fails by it. */
const testCode = /\.test\.ts$|test-support|\/testing\/|^(tests|bench|examples)\/|\/bench\/|conformance/;
/** Read a whole body into memory, however large it is. */
const readers = /^(json|text|arrayBuffer|bytes|blob|formData)$/;
const unboundedBody = 'this reads a body of any size; use @atelier/bounded-body';
const root = path.resolve(import.meta.dirname, '..');

function openProgram(): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(path.join(root, 'tsconfig.json'), {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail });
  if (!config) throw new Error('tsconfig.json cannot be read.');
  return ts.createProgram(config.fileNames, config.options);
}

function fail(diagnostic: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

const program = openProgram();
const checker = program.getTypeChecker();

function isThenable(type: ts.Type): boolean {
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return false;
  if (type.isUnion()) return type.types.some(isThenable);
  return checker.getPropertyOfType(type, 'then') !== undefined && checker.getPropertyOfType(type, 'catch') !== undefined;
}

/** Whether a promise's failure is looked after here: `.catch(f)` or `.then(a, b)` at its end, with `.finally` behind only what was looked after. */
function isHandled(expression: ts.Expression): boolean {
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return false;
  const { name, expression: before } = expression.expression;
  if (name.text === 'catch') return expression.arguments.length > 0;
  if (name.text === 'then') return expression.arguments.length > 1;
  return name.text === 'finally' && isHandled(before);
}

function problemOf(node: ts.Node): string | undefined {
  if (ts.isExpressionStatement(node)) {
    const { expression } = node;
    const isTold = ts.isAwaitExpression(expression) || ts.isBinaryExpression(expression) || ts.isVoidExpression(expression) || isHandled(expression);
    return !isTold && isThenable(checker.getTypeAtLocation(expression)) ? 'nobody looks after this promise' : undefined;
  }
  if (ts.isVoidExpression(node)) {
    return !ts.isAwaitExpression(node.expression) && isThenable(checker.getTypeAtLocation(node.expression)) ? '`void` hides a promise' : undefined;
  }
  if (ts.isCallExpression(node)) return listenerProblem(node) ?? bodyProblem(node);
  if (ts.isImportDeclaration(node)) return node.moduleSpecifier.getText() === "'node:stream/consumers'" ? unboundedBody : undefined;
  return undefined;
}

function listenerProblem(call: ts.CallExpression): string | undefined {
  const called = ts.isPropertyAccessExpression(call.expression) ? call.expression.name : call.expression;
  if (!ts.isIdentifier(called) || !callers.test(called.text)) return undefined;
  const isPromising = call.arguments.some((argument) =>
    checker
      .getTypeAtLocation(argument)
      .getCallSignatures()
      .some((signature) => isThenable(signature.getReturnType()) && !givesHandled(argument)),
  );
  // The router's own `on` and timers/promises wait for what they are given, or take no function.
  return isPromising && !isRouter(call) ? 'the caller drops the promise of this function' : undefined;
}

/** `.json()` and its kind on a request or an answer, but not where hono's bodyLimit stands before it. */
function bodyProblem(call: ts.CallExpression): string | undefined {
  if (call.arguments.length > 0 || !ts.isPropertyAccessExpression(call.expression) || !readers.test(call.expression.name.text)) return undefined;
  const file = call.getSourceFile();
  if (/^(packages\/(client|bounded-body)|apps\/cli)\//.test(path.relative(root, file.fileName)) || file.text.includes('bodyLimit(')) return undefined;
  return checker.getPropertyOfType(checker.getTypeAtLocation(call.expression.expression), 'bodyUsed') ? unboundedBody : undefined;
}

function givesHandled(argument: ts.Expression): boolean {
  const declared = ts.isIdentifier(argument) ? checker.getSymbolAtLocation(argument)?.valueDeclaration : undefined;
  const given = declared && ts.isVariableDeclaration(declared) ? declared.initializer : argument;
  return given !== undefined && ts.isArrowFunction(given) && !ts.isBlock(given.body) && isHandled(given.body);
}

function isRouter(call: ts.CallExpression): boolean {
  return ts.isPropertyAccessExpression(call.expression) && isThenableAnswer(checker.getTypeAtLocation(call.expression.expression));
}

function isThenableAnswer(type: ts.Type): boolean {
  return ['fetch', 'route', 'mount'].every((name) => checker.getPropertyOfType(type, name) !== undefined);
}

const problems: string[] = [];
for (const file of program.getSourceFiles()) {
  const name = path.relative(root, file.fileName);
  if (file.isDeclarationFile || file.fileName.includes('/node_modules/') || testCode.test(name)) continue;
  const visit = (node: ts.Node): void => {
    const problem = problemOf(node);
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    if (problem) problems.push(`${name}:${line + 1}: ${problem}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.stderr.write('A promise is awaited, returned, or given to inBackground of @atelier/background, which logs its failure.\n');
process.exitCode = problems.length === 0 ? 0 : 1;

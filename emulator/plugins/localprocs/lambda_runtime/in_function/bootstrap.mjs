// Lambda's Node runtime: loads the function, asks the Runtime API for its invocations, tells it their results.
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';
import module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL, urlToHttpOptions } from 'node:url';
import util from 'node:util';

const { env } = process;
const PREFIX = '/2018-06-01/runtime';
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId = 'undefined';

function ask(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: PREFIX + where, headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function write(level, words) {
  const text = util.format(...words).replace(/\n/g, '\r');
  fs.writeSync(1, `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
}

for (const [name, level] of Object.entries({
  log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE',
})) {
  console[name] = (...words) => write(level, words);
}

// The gateway speaks plain HTTP at a port of its own; the CDK's custom resources answer by https to its host alone.
const gateway = new URL(env.AWS_ENDPOINT_URL ?? 'http://127.0.0.1');
const { request: securely } = https;
https.request = (...args) => {
  const given = typeof args[0] === 'string' || args[0] instanceof URL ? urlToHttpOptions(new URL(args.shift())) : {};
  const options = Object.assign(given, typeof args[0] === 'object' ? args.shift() : {});
  const isGateway = (options.hostname ?? options.host) === gateway.hostname && [undefined, '', 443].includes(options.port);
  if (!isGateway) return securely(options, ...args);
  return http.request({ ...options, protocol: 'http:', agent: undefined, port: gateway.port }, ...args);
};
https.get = (...args) => {
  const request = https.request(...args);
  request.end();
  return request;
};
module.syncBuiltinESMExports();

// What the function does not bring itself, as AWS's runtime does: the SDK. The emulator fetches a package that was not
// named in the code; whoever asks for a module waits, so another process asks for it.
const ASK = `require('http').get(process.argv[1], (answer) => {
  answer.pipe(process.stderr);
  answer.on('end', () => { process.exitCode = answer.statusCode === 200 ? 0 : 1; });
})`;
function ofTheRuntime(name) {
  const wanted = name.split('/', 2).join('/');
  // Node keeps in mind that a package was not there: it must not look before.
  if (!fs.existsSync(path.join(env.LOCALPROCS_NODE_LIBRARY, 'node_modules', wanted, 'package.json'))) {
    const url = `http://${host}:${port}/sdk/${encodeURIComponent(wanted)}`;
    execFileSync(process.execPath, ['-e', ASK, url], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return offered.resolve(name);
}
const offered = createRequire(path.join(env.LOCALPROCS_NODE_LIBRARY, 'of-the-runtime.js'));
let asksItself = false;
module.registerHooks({
  resolve(name, context, next) {
    try {
      return next(name, context);
    } catch (error) {
      if (asksItself || (!name.startsWith('@aws-sdk/') && !name.startsWith('@smithy/'))) throw error;
      asksItself = true;
      try {
        return { url: pathToFileURL(ofTheRuntime(name)).href, shortCircuit: true };
      } finally {
        asksItself = false;
      }
    }
  },
});

async function load() {
  const named = /^([^.]*)\.(.*)$/.exec(path.basename(env._HANDLER));
  if (!named) throw named_error('Runtime.MalformedHandlerName', 'Bad handler');
  const base = path.resolve(env.LAMBDA_TASK_ROOT, path.dirname(env._HANDLER), named[1]);
  const file = ['.js', '.mjs', '.cjs'].map((end) => base + end).find((each) => fs.existsSync(each));
  if (!file) throw named_error('Runtime.ImportModuleError', `Error: Cannot find module '${named[1]}'`);
  let loaded;
  try {
    loaded = createRequire(file)(file);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    loaded = await import(pathToFileURL(file).href);
  }
  const found = named[2].split('.').reduce((inner, name) => inner?.[name], loaded);
  if (typeof found !== 'function') {
    throw named_error('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
  }
  return found;
}

function named_error(name, message) {
  return Object.assign(new Error(message), { name });
}

function told(error) {
  const thrown = error instanceof Error ? error : new Error(String(error));
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
}

function failed(where, error) {
  const words = told(error);
  return ask('POST', where, JSON.stringify(words), {
    'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': words.errorType,
  });
}

function context(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function carryOut(handler, event, about) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    Object.assign(about, { succeed: resolve, fail: reject, done: callback });
    const returned = handler(event, about, callback);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
    else if (handler.length < 3) resolve(returned);
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  write('ERROR', ['Uncaught Exception', JSON.stringify(told(error))]);
  await failed('/init/error', error).catch(() => {});
  process.exit(1);
}

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, async (error) => {
    write('ERROR', ['Uncaught Exception', JSON.stringify(told(error))]);
    await failed(`/invocation/${requestId}/error`, error).catch(() => {});
    process.exit(128);
  });
}

for (;;) {
  const next = await ask('GET', '/invocation/next').catch(() => process.exit(0));
  requestId = next.headers['lambda-runtime-aws-request-id'];
  if (!requestId) process.exit(0);
  process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'] ?? '';
  try {
    const result = await carryOut(handler, JSON.parse(next.body), context(next.headers));
    await ask('POST', `/invocation/${requestId}/response`, JSON.stringify(result ?? null), {
      'Content-Type': 'application/json',
    });
  } catch (error) {
    write('ERROR', ['Invoke Error', JSON.stringify(told(error))]);
    await failed(`/invocation/${requestId}/error`, error);
  }
}

// A MariaDB server of the test's own: on a free port, in a temporary folder, gone with the test.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** The server's administrator. */
export const serverAdmin = { name: 'admin', password: 'of-the-test-only' };

const START_LIMIT = 60_000;

/** Ends the server and removes its folder when the test's end of the pipe is closed: a killed test closes it, too. */
const WATCH = 'folder=$1; shift; "$@" & server=$!; cat > /dev/null; kill -9 $server; wait; rm -rf "$folder"';

async function freePort() {
  const listener = net.createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** What a statement gives, asked as an account over the network; null where it is refused. */
function ask(port, account, password, sql, database = '') {
  const words = ['--no-defaults', '-h', '127.0.0.1', '-P', String(port), '-u', account, `--password=${password}`, '-N', '-B', '-e', sql];
  const done = spawnSync('mariadb', database ? [...words, database] : words, { encoding: 'utf8' });
  return done.status === 0 ? done.stdout.trim() : null;
}

class Server {
  #folder;
  #watch;

  constructor(folder, port) {
    this.#folder = folder;
    this.port = port;
  }

  async run() {
    const data = path.join(this.#folder, 'data');
    const words = [
      'mariadbd', '--no-defaults', `--datadir=${data}`, `--socket=${path.join(this.#folder, 'socket')}`, `--pid-file=${data}/pid`,
      `--port=${this.port}`, '--bind-address=127.0.0.1', '--skip-name-resolve', ...asAccount(),
    ];
    this.#watch = spawn('sh', ['-c', WATCH, 'watch', this.#folder, ...words], { stdio: ['pipe', 'ignore', 'ignore'] });
    const end = Date.now() + START_LIMIT;
    const root = () => spawnSync('mariadb', ['--no-defaults', '-uroot', '-S', path.join(this.#folder, 'socket'), '-e', 'SELECT 1']);
    while (root().status !== 0) {
      assert.ok(Date.now() < end, 'the MariaDB server does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  asRoot(sql) {
    execFileSync('mariadb', ['--no-defaults', '-uroot', '-S', path.join(this.#folder, 'socket'), '-e', sql]);
  }

  /** What a tenant's application gets. */
  ask(account, password, database, sql) {
    return ask(this.port, account, password, sql, database);
  }

  /** The server stops at once, and its data with it. */
  async stop() {
    if (!this.#watch) return;
    const ended = new Promise((resolve) => this.#watch.once('exit', resolve));
    this.#watch.stdin.end();
    this.#watch = null;
    await ended;
  }
}

function asAccount() {
  return process.getuid() === 0 ? ['--user=mysql'] : [];
}

/** Starts a server with an administrator. */
export async function startMariaDb() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tenantry-mariadb-'));
  if (process.getuid() === 0) execFileSync('chown', ['mysql', folder]);
  execFileSync('mariadb-install-db', [
    '--no-defaults', `--datadir=${path.join(folder, 'data')}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...asAccount(),
  ], { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } });
  const server = new Server(folder, await freePort());
  await server.run();
  server.asRoot(`CREATE USER ${serverAdmin.name}@'%' IDENTIFIED BY '${serverAdmin.password}'; GRANT ALL ON *.* TO ${serverAdmin.name}@'%' WITH GRANT OPTION`);
  return server;
}

// Compiles every contract of a folder with the pinned compiler, to the byte alike on every machine.
// Usage: node compile.mjs SOURCES OUTPUT   (run where node_modules lies; both folders absolute)
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [sourceFolder, outputFolder] = process.argv.slice(2);
const solc = createRequire(pathToFileURL(join(process.cwd(), 'package.json')))('solc');

const names = readdirSync(sourceFolder).filter((name) => name.endsWith('.sol')).sort();
const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(sourceFolder, name), 'utf8') }]));
const digest = createHash('sha256').update(JSON.stringify(sources)).digest('hex');
const settings = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};
const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })));
const problems = output.errors ?? [];
for (const problem of problems) process.stderr.write(problem.formattedMessage);
if (problems.length > 0) process.exit(1);

mkdirSync(outputFolder, { recursive: true });
for (const contracts of Object.values(output.contracts)) {
  for (const [name, { abi, evm }] of Object.entries(contracts)) {
    if (evm.bytecode.object === '') continue;
    const artifact = { compiler: solc.version(), sources_sha256: digest, abi, bytecode: evm.bytecode.object };
    writeFileSync(join(outputFolder, `${name}.json`), JSON.stringify(artifact, null, 1) + '\n');
  }
}

// Writes ABI and bytecode of the contracts that the paper chain deploys as JSON, so that nothing but this needs Node.
// Usage: node export.mjs FOLDER   (run where node_modules lies)
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(process.cwd(), 'package.json')));
const abis = require('@metamask/delegation-abis');
const bytecodes = require('@metamask/delegation-abis/bytecode');

const delegation = [
  'DelegationManager', 'HybridDeleGator', 'EIP7702StatelessDeleGator', 'SCL_RIP7212', 'AllowedTargetsEnforcer',
  'AllowedMethodsEnforcer', 'AllowedCalldataEnforcer', 'LimitedCallsEnforcer', 'TimestampEnforcer',
  'ERC20BalanceChangeEnforcer', 'ExactExecutionBatchEnforcer', 'RedeemerEnforcer', 'ValueLteEnforcer', 'EntryPoint', 'ERC1967Proxy', 'SimpleFactory',
];
const uniswap = {
  UniswapV2Factory: '@uniswap/v2-core/build/UniswapV2Factory.json',
  UniswapV2Pair: '@uniswap/v2-core/build/UniswapV2Pair.json',
  UniswapV2Router02: '@uniswap/v2-periphery/build/UniswapV2Router02.json',
  WETH9: '@uniswap/v2-periphery/build/WETH9.json',
};

mkdirSync(folder, { recursive: true });
const write = (name, abi, bytecode) => {
  if (!abi || !bytecode) throw new Error(`${name}: expected an ABI and bytecode in its package, found less`);
  const code = typeof bytecode === 'string' ? bytecode : bytecode.object;
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ abi, bytecode: code.replace(/^0x/, '') }));
};
for (const name of delegation) write(name, abis[name], bytecodes[name]);
for (const [name, path] of Object.entries(uniswap)) {
  const build = JSON.parse(readFileSync(require.resolve(path)));
  write(name, build.abi, build.evm ? build.evm.bytecode.object : build.bytecode);
}

# Builds the installer for Windows. Untested: it was written without a Windows machine.
# Needs Python 3.11 and Inno Setup 6. `build.ps1 -Signed` signs, with the sign tool "owner" of Inno Setup.
# PAPER has no chain there yet: the paper chain's lock names anvil for Linux alone.
param([switch]$Signed, [string]$InnoSetup = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

python -m venv .venv
.venv\Scripts\python -m pip install --quiet --require-hashes -r requirements-dev.lock
.venv\Scripts\python -m pip install --quiet --no-build-isolation --no-deps -e .
if ($LASTEXITCODE -ne 0) { throw "the dependencies were not installed" }

$env:PYTHONHASHSEED = "1"
$env:SOURCE_DATE_EPOCH = git log -1 --format=%ct
.venv\Scripts\python -m PyInstaller --noconfirm --clean --distpath build\windows --workpath build\work packaging\evenkeel.spec
if ($LASTEXITCODE -ne 0) { throw "PyInstaller failed" }

$version = .venv\Scripts\python -c "import engine; print(engine.__version__)"
$arguments = @("/DVersion=$version", "/DFrozen=$PWD\build\windows\evenkeel", "/O$PWD\dist")
if ($Signed) { $arguments += "/DSigned" }
& $InnoSetup @arguments packaging\windows\evenkeel.iss
if ($LASTEXITCODE -ne 0) { throw "Inno Setup failed" }

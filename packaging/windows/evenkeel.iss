; Inno Setup script of the installer for Windows. Untested: it was written without a Windows machine.
; ISCC.exe /DVersion=0.1.0 /DFrozen=C:\build\dist\evenkeel packaging\windows\evenkeel.iss
; Signing takes the owner's certificate: configure a sign tool named "owner" in Inno Setup, then add /DSigned.

#ifndef Version
  #error Give the version: /DVersion=x.y.z
#endif
#ifndef Frozen
  #error Give the folder that PyInstaller made: /DFrozen=...
#endif

[Setup]
AppId={{5B0C1F86-4C0E-4B1B-9C1D-6F0B5C4E7A11}
AppName=Evenkeel
AppVersion={#Version}
AppPublisher=Evenkeel
DefaultDirName={autopf}\Evenkeel
DefaultGroupName=Evenkeel
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
OutputBaseFilename=evenkeel-{#Version}-windows-x86_64
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
UninstallDisplayIcon={app}\evenkeel.exe
CloseApplications=yes
#ifdef Signed
SignTool=owner
SignedUninstaller=yes
#endif

[Files]
Source: "{#Frozen}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[InstallDelete]
; What an older version had and this one has not must not be loaded.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{group}\Evenkeel"; Filename: "{app}\evenkeel.exe"
Name: "{autodesktop}\Evenkeel"; Filename: "{app}\evenkeel.exe"; Tasks: desktopicon

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Run]
Filename: "{app}\evenkeel.exe"; Description: "{cm:LaunchProgram,Evenkeel}"; Flags: nowait postinstall skipifsilent

; There is no [UninstallDelete]: profiles are in the user's own data folder, and stay.

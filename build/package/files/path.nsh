; What makes the terminal face known to every shell of the person: the folder of the programs at the end of
; Path. A Path may be longer than the strings of NSIS, which cut it off, so it stays in memory that only Windows
; reads and writes.

; EditPath adds $INSTDIR to Path, or takes it out exactly as it was added. HOW is add or remove.
!macro EditPath HOW
; $R1 the key HKEY_CURRENT_USER\Environment, open to read and to write
System::Call 'advapi32::RegCreateKeyExW(p 0x80000001, w "Environment", i 0, p 0, i 0, i 0x2001F, p 0, *p .R1, p 0) i .R0'
${If} $R0 = 0
	; $R2 the type, REG_EXPAND_SZ where there is none yet; $R3 the size in bytes; $R4 the size of ours in characters
	StrCpy $R2 2
	StrCpy $R3 0
	System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, *i .R5, p 0, *i .R6) i .R0'
	${If} $R0 = 0
		StrCpy $R2 $R5
		StrCpy $R3 $R6
	${EndIf}
	StrLen $R4 "$INSTDIR"
	; $R5 the memory, all zeros, with ";" in front, and $R6 what is in Path
	IntOp $R7 $R3 + 16
	IntOp $R7 $R7 + $R4
	IntOp $R7 $R7 + $R4
	System::Alloc $R7
	Pop $R5
	System::Call 'kernel32::lstrcpyW(p R5, w ";")'
	IntPtrOp $R6 $R5 + 2
	System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, p 0, p R6, *i R3R3) i .R0'
	; What can't be read stays as it is, and so does what is no text; 2 says that there is none.
	${If} $R0 = 2
	${OrIf} $R0 = 0
		; The types of text are 1 and 2.
		${If} $R2 > 2
			StrCpy $R0 1
		${Else}
			StrCpy $R0 0
		${EndIf}
	${EndIf}
	${If} $R0 = 0
		; $R7 where our folder is between semicolons, 0 if it is not
		System::Call 'kernel32::lstrcatW(p R5, w ";")'
		StrCpy $R9 ";$INSTDIR;"
		System::Call 'shlwapi::StrStrIW(p R5, w R9) p .R7'
		System::Call 'kernel32::lstrlenW(p R5) i .R8'
!if ${HOW} == add
		${If} $R7 P= 0
			StrCpy $R9 $INSTDIR
			${If} $R8 = 2
				System::Call 'kernel32::lstrcpyW(p R6, w R9)'
			${Else}
				System::Call 'kernel32::lstrcatW(p R5, w R9)'
			${EndIf}
			System::Call 'kernel32::lstrlenW(p R6) i .R8'
!else
		${If} $R7 P<> 0
			; What is behind it moves to where it was; then the semicolon at the end goes.
			IntOp $R4 $R4 + 1
			IntOp $R4 $R4 * 2
			IntPtrOp $R9 $R7 + $R4
			System::Call 'kernel32::lstrlenW(p R9) i .R8'
			IntOp $R8 $R8 * 2
			IntOp $R8 $R8 + 2
			System::Call 'kernel32::RtlMoveMemory(p R7, p R9, p R8)'
			System::Call 'kernel32::lstrlenW(p R5) i .R8'
			IntOp $R4 $R8 - 1
			IntOp $R4 $R4 * 2
			IntPtrOp $R9 $R5 + $R4
			System::Call '*$R9(&i2 0)'
			System::Call 'kernel32::lstrlenW(p R6) i .R8'
!endif
			${If} $R8 = 0
				System::Call 'advapi32::RegDeleteValueW(p R1, w "Path")'
			${Else}
				IntOp $R8 $R8 + 1
				IntOp $R8 $R8 * 2
				System::Call 'advapi32::RegSetValueExW(p R1, w "Path", i 0, i R2, p R6, i R8)'
			${EndIf}
			SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=5000
		${EndIf}
	${EndIf}
	System::Free $R5
	System::Call 'advapi32::RegCloseKey(p R1)'
${EndIf}
!macroend

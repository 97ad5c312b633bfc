package weights

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

func mapContent(f *os.File, size int) ([]byte, error) {
	mapping, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, os.NewSyscallError("CreateFileMapping", err)
	}
	defer windows.CloseHandle(mapping) // the view keeps it alive
	address, err := windows.MapViewOfFile(mapping, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, os.NewSyscallError("MapViewOfFile", err)
	}
	// The address is of memory that Go doesn't manage, so it can't move. Read
	// through a pointer, because vet rightly suspects unsafe.Pointer(address).
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), size), nil
}

func unmap(content []byte) error {
	return os.NewSyscallError("UnmapViewOfFile", windows.UnmapViewOfFile(uintptr(unsafe.Pointer(&content[0]))))
}

func release(content []byte) {
	// Unlocking pages that are not locked is documented to take them out of
	// the working set, and to return an error for it.
	_ = windows.VirtualUnlock(uintptr(unsafe.Pointer(&content[0])), uintptr(len(content)))
}

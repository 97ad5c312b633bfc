package peak

import (
	"syscall/js"
	"time"
)

// Clock is the processor time that the process has used, where JavaScript runs
// in Node or the like: Go has one thread there, and beside it the engine's, which
// compile and collect garbage. In a browser it is the time since the program
// started.
func Clock() time.Duration {
	process := js.Global().Get("process")
	if process.IsUndefined() || process.Get("cpuUsage").IsUndefined() {
		return time.Since(start)
	}
	used := process.Call("cpuUsage")
	return time.Duration(used.Get("user").Int()+used.Get("system").Int()) * time.Microsecond
}

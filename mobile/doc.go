// Package mobile is toller for Android and iOS: a face of packages edge and
// edge/index that gomobile binds whole. Apps seldom call it as it is: the Kotlin
// library in mobile/android and the Swift package in mobile/ios put coroutines
// and async functions, lists and native errors in its place. What follows is for
// whoever writes or reads those, or needs no more than this.
//
// # From Kotlin and Swift
//
// gomobile makes a class of every type here, and static functions of package
// Mobile (Java: search.toller.mobile.Mobile; Objective-C: TollerMobileOpen and the
// like) of the functions. New… functions are constructors. A field is a property,
// with get… and set… in Java. int is long in Java and Int in Swift.
//
// A Go error is a checked Exception in Java and an NSError in Objective-C, which
// Swift throws. [Kind] says of which kind it is. What can't fail, such as the length
// of a list or a property, returns a plain value; everything else throws.
//
// Neither language can pass lists of strings or objects. What goes in is collected
// in a [Texts] or an [Entries]; what comes out has Len and At, and numbers also
// come packed: little-endian values in a byte array, one crossing for all of them.
//
// All offsets into texts count UTF-16 units, as String does in Kotlin and NSString
// on iOS (in Swift, String.utf16), and lie on the boundaries of characters.
//
// # Threads
//
// Everything here may be called from any thread, and objects may be shared, but
// for those that collect (Texts, Entries, Documents) or carry options, which one
// thread at a time may change. Functions and methods with a [Cancel] among their
// parameters block: for milliseconds (a query, a search) to hours (many documents).
// So do Close and Trim, which wait for milliseconds. Don't call these from the
// main thread.
//
// A [Progress] is called from threads of Go's: hand over to the main thread before
// touching the screen. An exception thrown, or an error returned, in it ends the
// call that it reports on, which throws it in turn.
//
// # Memory
//
// [SetMemory] chooses how much is kept, once, at the start: [MemoryApp], or
// [MemoryExtension] in an iOS app extension or a widget. Five seconds after the
// last call has ended, everything that can be read again is given back, and nothing
// runs. [Trim] does so at once, for onTrimMemory and didReceiveMemoryWarning.
//
// Models, indexes, queries and documents are kept by Go as long as the other side
// has its object. Models and indexes have files open: close them.
//
// # Errors and panics
//
// A panic in a call, which would be a mistake in toller, becomes an error of kind
// [KindInternal] instead of ending the app. That holds for the goroutine of the call,
// and for callbacks; Go knows no way to catch it on others.
//
// Nothing leaves the device: no code here opens a connection.
package mobile

// Package bridge puts a model into a web page's hands: calls that come from
// JavaScript, their answers, and texts, vectors and places in texts on their way
// between the two.
//
// A program with [Session.Serve] in its main function runs in a worker, which has
// it compiled for js/wasm and calls its methods one by one:
//
//	s := bridge.New()
//	s.Handle("search", search) // beside those for ranking
//	s.Serve()
//
// A call names its method and has one object of arguments; its answer is a
// promise. An error rejects that, and so does a panic: it doesn't end the program.
// Calls run side by side, and each can be cancelled by its number.
//
// Files of a model come in pieces and are written where they stay, so that there
// is one copy of them. Texts and vectors cross as they are; what describes them
// crosses as the JSON that the command line prints, with one difference: places in
// texts count UTF-16 code units, as JavaScript does, and not bytes.
package bridge

// Package condition takes filters apart for engines. What a filter asks of documents
// becomes conditions on the fields that every engine has: those of a point's payload
// ([engine.Payload], by their names in JSON) and the facts of its metadata
// ([engine.Facts]). An engine's package writes these conditions in the engine's
// language, and refuses with [engine.ErrFilter] what can't be said in it.
package condition

// Package rest sends JSON to an engine and reads its answers: what the engines have
// in common that is not about search. A request that fails because the engine is
// busy, starting or away is sent again, at growing intervals, which is safe since
// all of those that engines are sent may be repeated.
package rest

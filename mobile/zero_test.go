package mobile

import (
	"reflect"
	"testing"
)

// TestZero calls every method of objects that Kotlin or Swift made by themselves, with
// nothing but nulls: none may panic, whose recovery is an error of kind internal.
func TestZero(t *testing.T) {
	methods := 0
	for _, object := range []any{
		new(Cancel), new(Document), new(Documents), new(Entries), new(Entry), new(Explanation), new(Hit), new(Index),
		new(IndexOptions), new(Match), new(Model), new(ModelOptions), new(Query), new(Ranking), new(Result), new(Results),
		new(SearchOptions), new(Span), new(Spans), new(Stat), new(Texts),
	} {
		v := reflect.ValueOf(object)
		for i := range v.NumMethod() {
			m := v.Method(i)
			args := make([]reflect.Value, m.Type().NumIn())
			for j := range args {
				args[j] = reflect.Zero(m.Type().In(j))
			}
			for _, out := range m.Call(args) {
				if err, ok := out.Interface().(error); ok && Kind(err) == KindInternal {
					t.Errorf("%T.%s: %v", object, v.Type().Method(i).Name, err)
				}
				if s, ok := out.Interface().(*Spans); ok && s == nil {
					t.Errorf("%T.%s: no spans at all", object, v.Type().Method(i).Name)
				}
			}
			methods++
		}
	}
	if methods < 50 {
		t.Errorf("called %d methods, expected all", methods)
	}
	if _, err := OpenIndex(t.TempDir()+"/x.db", new(Model), nil, nil); Kind(err) != KindClosed {
		t.Errorf("with a model that isn't open: %v", err)
	}
}

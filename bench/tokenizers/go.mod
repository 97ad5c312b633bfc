module github.com/toller-search/toller/bench/tokenizers

go 1.26.0

require (
	github.com/daulet/tokenizers v1.24.0
	github.com/toller-search/toller v0.0.0
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/toller-search/toller => ../..

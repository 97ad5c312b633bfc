package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// A tool is what an agent can call. A is the type of its arguments, R of its result;
// their fields' tags describe them to the agent.
type tool[A, R any] struct {
	name, title, description string
	// bound adds to the schema of the arguments what no tag says.
	bound func(*properties)
	// call answers, with the text for clients that don't read structured results.
	call func(ctx context.Context, report *progress, arguments A) (*R, string, error)
}

// add gives the server a tool. All of toller's only read, and reach nothing but the
// indexes.
func add[A, R any](s *Server, t tool[A, R]) error {
	schema, err := jsonschema.For[A](nil)
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", t.name, err)
	}
	results, err := jsonschema.For[R](nil)
	if err != nil {
		return fmt.Errorf("result of %s: %w", t.name, err)
	}
	noNulls(schema)
	noNulls(results)
	t.bound(&properties{schema})
	inside := false
	mcp.AddTool(s.mcp, &mcp.Tool{
		Name: t.name, Title: t.title, Description: t.description, InputSchema: schema, OutputSchema: results,
		Annotations: &mcp.ToolAnnotations{Title: t.title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &inside, OpenWorldHint: &inside},
	}, func(ctx context.Context, request *mcp.CallToolRequest, arguments A) (*mcp.CallToolResult, *R, error) {
		result, text, err := t.call(ctx, newProgress(ctx, request), arguments)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Info("call refused", "tool", t.name, "error", err)
			}
			return nil, nil, err
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, result, nil
	})
	return nil
}

// noNulls makes plain lists of properties that by their type in Go could be null.
func noNulls(schema *jsonschema.Schema) {
	for _, property := range schema.Properties {
		if slices.Contains(property.Types, "array") {
			property.Types, property.Type = nil, "array"
		}
	}
}

// properties are the arguments of a tool in its schema.
type properties struct{ schema *jsonschema.Schema }

// number bounds a number; fallback is its value where none is given.
func (p *properties) number(name string, least, most, fallback int) {
	low, high := float64(least), float64(most)
	property := p.schema.Properties[name]
	property.Minimum, property.Maximum = &low, &high
	property.Default, _ = json.Marshal(fallback) // an int always can be
}

// text bounds the length of a text, in characters.
func (p *properties) text(name string, least, most int) {
	property := p.schema.Properties[name]
	property.MaxLength = &most
	if least > 0 {
		property.MinLength = &least
	}
}

// list bounds the length of a list, and returns the schema of its items.
func (p *properties) list(name string, least, most int) *jsonschema.Schema {
	property := p.schema.Properties[name]
	property.MinItems, property.MaxItems = &least, &most
	return property.Items
}

// oneOf names the values that a property may have.
func oneOf(property *jsonschema.Schema, values []string) {
	for _, v := range values {
		property.Enum = append(property.Enum, v)
	}
}

package agent

import (
	"context"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// reportEvery is how much time lies between two reports of a call, and before its
// first: calls that are quick make none.
const reportEvery = 500 * time.Millisecond

// progress reports how far a call is to a client that has asked for it.
type progress struct {
	ctx     context.Context
	request *mcp.CallToolRequest
	token   any // nil: nobody wants to know
	next    time.Time
}

func newProgress(ctx context.Context, request *mcp.CallToolRequest) *progress {
	return &progress{ctx: ctx, request: request, token: request.Params.GetProgressToken(), next: time.Now().Add(reportEvery)}
}

// update is called with growing numbers, by one goroutine at a time. A report that
// can't be delivered is dropped: it is the result that counts.
func (p *progress) update(done, total int, message string) {
	now := time.Now()
	if p.token == nil || now.Before(p.next) {
		return
	}
	p.next = now.Add(reportEvery)
	_ = p.request.Session.NotifyProgress(p.ctx, &mcp.ProgressNotificationParams{
		ProgressToken: p.token, Progress: float64(done), Total: float64(total), Message: message,
	})
}

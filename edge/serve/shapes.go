package serve

import "net/http"

// A shape is how a dialect says that something is wrong: a status and a body.
type shape func(*refusal) (int, any)

// rerankShape has what Cohere ("message"), Jina ("detail") and vLLM ("error") say.
func rerankShape(r *refusal) (int, any) {
	status := r.kind.status()
	return status, struct {
		Message string    `json:"message"`
		Detail  string    `json:"detail"`
		Error   vllmError `json:"error"`
	}{r.message, r.message, newVLLMError(r, status)}
}

// vllmShape is ErrorResponse of vLLM's engine/protocol.py.
func vllmShape(r *refusal) (int, any) {
	status := r.kind.status()
	return status, struct {
		Error vllmError `json:"error"`
	}{newVLLMError(r, status)}
}

type vllmError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    int     `json:"code"`
}

func newVLLMError(r *refusal, status int) vllmError {
	return vllmError{r.message, vllmType(r.kind), param(r), status}
}

func vllmType(k kind) string {
	switch k {
	case unauthorized:
		return "AuthenticationError"
	case forbidden:
		return "PermissionDeniedError"
	case notFound:
		return "NotFoundError"
	case overloaded:
		return "RateLimitError"
	case stopped, outOfTime, internal:
		return "InternalServerError"
	}
	return "BadRequestError"
}

func param(r *refusal) *string {
	if r.field == "" {
		return nil
	}
	return &r.field
}

// openAIShape is what openai-python reads as APIError's body.
func openAIShape(r *refusal) (int, any) {
	type body struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	return r.kind.status(), struct {
		Error body `json:"error"`
	}{body{r.message, plainType(r.kind), param(r), nil}}
}

// llamaShape is format_error_response of llama.cpp. What it can't do is 501 there.
func llamaShape(r *refusal) (int, any) {
	type body struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	status := r.kind.status()
	if r.kind == unsupported {
		status = http.StatusNotImplemented
	}
	return status, struct {
		Error body `json:"error"`
	}{body{status, r.message, plainType(r.kind)}}
}

func plainType(k kind) string {
	switch k {
	case unsupported:
		return "not_supported_error"
	case unauthorized:
		return "authentication_error"
	case forbidden:
		return "permission_error"
	case notFound:
		return "not_found_error"
	case overloaded:
		return "rate_limit_error"
	case stopped, outOfTime:
		return "unavailable_error"
	case internal:
		return "server_error"
	}
	return "invalid_request_error"
}

// teiShape is ErrorResponse of TEI's router/src/lib.rs, with the statuses of its
// http/server.rs.
func teiShape(r *refusal) (int, any) {
	status, name := r.kind.status(), "Validation"
	switch r.kind {
	case wrong, unsupported:
		status = http.StatusUnprocessableEntity
	case empty:
		name = "Empty"
	case overloaded:
		name = "Overloaded"
	case stopped:
		name = "Unhealthy"
	case outOfTime, internal:
		status, name = http.StatusFailedDependency, "Backend"
	}
	return status, struct {
		Error string `json:"error"`
		Type  string `json:"error_type"`
	}{r.message, name}
}

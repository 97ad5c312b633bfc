// Package serve answers over HTTP what package edge and package index answer in
// Go: it ranks, encodes and searches, in the dialects that programs already speak.
//
//	s, err := serve.New(model, serve.Options{})
//	http.ListenAndServe("127.0.0.1:8411", s)
//
// A request says which texts are queries and which are documents, and they are
// encoded as such: markers, expansion, skiplist and lengths are the model's.
//
// # Dialects
//
// Several services have the same path. Where they do, the body tells which one a
// client means, or the answer has what each of them has; nobody's client minds
// what it doesn't know.
//
//	/v1/rerank    Cohere v1, Jina, vLLM, llama.cpp: "documents"
//	              llama.cpp in TEI's form: "texts"
//	/v2/rerank    Cohere v2, vLLM
//	/rerank       vLLM, Jina, llama.cpp: "documents"
//	              Text Embeddings Inference: "texts"
//	/reranking, /v1/reranking    llama.cpp
//	/score, /v1/score            vLLM: one query or as many as documents
//	/v1/embeddings               OpenAI, with a list of vectors for each text
//	/v1/multi-vector             Jina
//	/pooling                     vLLM, task "token_embed"
//	/v1/search                   toller's own: the indexes of [Options], and collections
//	                             of engines for many machines
//	/v1/models, /health, /metrics, /openapi.json
//
// What they look like is taken from these, read in 2026:
//
//	Cohere      cohere-ai/cohere-python, src/cohere/raw_base_client.py (v1) and
//	            src/cohere/v2/raw_client.py (v2), release 5.21.1
//	Jina        the rerank and multi-vector requests that LangChain's
//	            document_compressors/jina_rerank.py, LlamaIndex's
//	            postprocessor/jinaai_rerank and Weaviate's examples make
//	vLLM        vllm/entrypoints/pooling/scoring/{api_router,protocol,serving}.py,
//	            pooling/protocol.py and base/protocol.py
//	TEI         huggingface/text-embeddings-inference,
//	            router/src/http/{types,server}.rs and router/src/lib.rs
//	llama.cpp   tools/server/server.cpp (post_rerank) and server-common.cpp
//	            (format_response_rerank, format_error_response)
//	OpenAI      openai/openai-python, resources/embeddings.py, release 3.57.0
//
// # Scores
//
// A score is what toller rank says, to the digit, on one of two scales:
//
//   - [MaxSim], the sum over the query's vectors, which is rank's "score": wherever
//     a dialect takes any number. That is all but the following.
//   - [Unit], rank's "mean" within 0 and 1, where a dialect promises that:
//     /v2/rerank, which is Cohere's before it is vLLM's, and "texts" without
//     "raw_scores".
//
// [Options].Scores sets one for all, the parameter ?scores=maxsim or ?scores=unit
// one for a request. The order is the same by both. Neither is a probability.
//
// # Refusals
//
// What a dialect has and toller hasn't is refused by name, in the shape that the
// dialect's errors have: images, other tokens' ids, fewer dimensions, cutting at
// the beginning, chunks. Names of models are not looked at, since clients send
// those of the service that they were made for; an answer names the model that it
// is from. Fields that no dialect has are ignored, as all of them do; but /v1/search,
// which is nobody else's, refuses them by name.
//
// # What a caller may rely on
//
//   - A browser's page reaches a server on this machine only where its origin is
//     among [Options].Origins: others, and names that somebody pointed at this
//     machine, are refused before anything is read.
//   - Memory is bounded by [Limits] and the budget for documents' vectors, whatever
//     is sent by however many clients. What is too much is refused, and says which
//     limit it met.
//   - A query, and a call with some 2,000 tokens of documents, goes before longer
//     ones, as package edge has it. Calls share the threads document by document.
//   - Work for a client that has gone ends within 100 ms.
//   - Texts are kept nowhere: documents' vectors are, by a digest of the text.
package serve

package vespa

import "fmt"

// The files of an application package, and of its feed.
const (
	ServicesFile = "services.xml"
	SchemaFile   = "schemas/passage.sd"
	FeedFile     = "feed.jsonl"
)

// Services is the contents of [ServicesFile]: one container and one content node, to
// be grown from there.
const Services = `<?xml version="1.0" encoding="utf-8" ?>
<services version="1.0">
  <container id="default" version="1.0">
    <search/>
    <document-api/>
  </container>
  <content id="toller" version="1.0">
    <min-redundancy>1</min-redundancy>
    <documents>
      <document type="passage" mode="index"/>
    </documents>
    <nodes>
      <node distribution-key="0" hostalias="node1"/>
    </nodes>
  </content>
</services>
`

// Schema is the contents of [SchemaFile] for vectors of dim components.
func Schema(dim int) string { return fmt.Sprintf(schema, dim) }

const schema = `schema passage {
  document passage {
    struct pathnumber {
      field path type string {}
      field value type double {}
    }
    struct pathstring {
      field path type string {}
      field value type string {}
    }

    field key type string { indexing: summary | attribute }
    field source type string { indexing: summary | attribute }
    field passage type int { indexing: summary | attribute }
    field time type long { indexing: summary | attribute }
    field first_page type int { indexing: summary | attribute }
    field last_page type int { indexing: summary | attribute }
    field start type int { indexing: summary }
    field end type int { indexing: summary }
    field hash type string { indexing: summary }
    field model type string { indexing: summary }
    field metadata type string { indexing: summary }
    field clusters type array<int> { indexing: summary }
    field pool type int { indexing: summary }

    field title type string {
      indexing: summary | index
      index: enable-bm25
    }
    field heading type string {
      indexing: summary | index
      index: enable-bm25
    }
    field text type string {
      indexing: summary | index
      index: enable-bm25
    }

    field present type array<string> { indexing: attribute }
    field equal type array<string> { indexing: attribute }
    field elements type array<string> { indexing: attribute }
    field numbers type array<pathnumber> {
      struct-field path { indexing: attribute }
      struct-field value { indexing: attribute }
    }
    field strings type array<pathstring> {
      struct-field path { indexing: attribute }
      struct-field value { indexing: attribute }
    }

    field vectors type tensor<float>(token{}, x[%[1]d]) { indexing: attribute }
  }

  fieldset default { fields: title, heading, text }

  rank-profile maxsim {
    inputs {
      query(q) tensor<float>(word{}, x[%[1]d])
    }
    function maxsim() {
      expression: sum(reduce(sum(query(q) * attribute(vectors), x), max, token), word)
    }
    first-phase {
      expression: bm25(title) + bm25(heading) + bm25(text)
    }
    second-phase {
      rerank-count: 1000
      expression: maxsim
    }
    summary-features: maxsim
  }

  rank-profile exact inherits maxsim {
    first-phase {
      expression: maxsim
    }
  }
}
`

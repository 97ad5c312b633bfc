import Foundation
import TollerCore

/// How a model is opened; 0 is as the memory preset, or the model, says.
public struct ModelOptions: Sendable {
    public var threads = 0
    public var documentLength = 0

    public init(threads: Int = 0, documentLength: Int = 0) {
        self.threads = threads
        self.documentLength = documentLength
    }

    func bound() -> TollerMobileModelOptions {
        let native = TollerMobileNewModelOptions()!
        native.threads = threads
        native.documentLength = documentLength
        return native
    }
}

/// A model that ranks, encodes and explains texts. Any number of tasks may use it.
public final class Model: @unchecked Sendable {
    let native: TollerMobileModel

    private init(_ native: TollerMobileModel) {
        self.native = native
    }

    /// Opens a checkpoint's folder, or a file made by `toller pack`, which is mapped and not read.
    public static func open(path: String, options: ModelOptions = ModelOptions()) async throws -> Model {
        try await blocking { _ in Model(try made { TollerMobileOpen(path, options.bound(), $0) }) }
    }

    /// Opens a packed model from memory. It is copied: a file takes less.
    public static func open(name: String, packed: Data, options: ModelOptions = ModelOptions()) async throws -> Model {
        try await blocking { _ in Model(try made { TollerMobileOpenBytes(name, packed, options.bound(), $0) }) }
    }

    /// Opens the model that the app was built with.
    public static func builtin(options: ModelOptions = ModelOptions()) async throws -> Model {
        try await blocking { _ in Model(try made { TollerMobileOpenBuiltin(options.bound(), $0) }) }
    }

    public var name: String { native.name() }

    /// Components of a vector.
    public var dim: Int { native.dim() }

    public var threads: Int { native.threads() }

    /// Vectors can be compared where it is the same.
    public var fingerprint: String { native.fingerprint() }

    /// Everything there is to know about the model, as JSON.
    public func describe() throws -> String {
        var error: NSError?
        let text = native.describe(&error)
        if let error {
            throw translated(error)
        }
        return text
    }

    /// Orders texts by how well they answer a query, best first. `topK` 0 keeps all.
    public func rank(_ query: String, _ list: [String], topK: Int = 0) async throws -> [Hit] {
        try await blocking { [self] cancel in
            hits(try native.rank(query, texts: texts(list), topK: topK, progress: nil, cancel: cancel))
        }
    }

    /// `rank`, with texts done on the way.
    public func rankSteps(_ query: String, _ list: [String], topK: Int = 0) -> Steps<[Hit]> {
        steps { [self] progress, cancel in
            hits(try native.rank(query, texts: texts(list), topK: topK, progress: progress, cancel: cancel))
        }
    }

    public func encodeQuery(_ text: String) async throws -> Query {
        try await blocking { [self] cancel in Query(try native.encodeQuery(text, cancel: cancel)) }
    }

    /// Encodes texts that are ranked more than once. To keep many, use an `Index`.
    public func encodeDocuments(_ list: [String]) async throws -> [Document] {
        try await blocking { [self] cancel in
            try documents(native.encodeDocuments(texts(list), progress: nil, cancel: cancel))
        }
    }

    /// `encodeDocuments`, with texts done on the way.
    public func encodeSteps(_ list: [String]) -> Steps<[Document]> {
        steps { [self] progress, cancel in
            try documents(native.encodeDocuments(texts(list), progress: progress, cancel: cancel))
        }
    }

    /// Says what in a text answers a query. The best passage has at most `passageBytes` of UTF-8, 0: 280.
    public func explain(_ query: String, _ text: String, passageBytes: Int = 0) async throws -> Explanation {
        try await blocking { [self] cancel in
            try Explanation(native.explain(query, text: text, passage: passageBytes, cancel: cancel))
        }
    }

    /// Tokens of a text, `limit` for those that have more.
    public func countTokens(_ text: String, limit: Int) async throws -> Int {
        try await blocking { [self] _ in
            var n = 0
            try native.countTokens(text, limit: limit, n: &n)
            return n
        }
    }

    /// Ends the calls that are running and gives the model's memory back. Blocks for up to 100 ms.
    public func close() throws {
        do {
            try native.close()
        } catch {
            throw translated(error)
        }
    }
}

private func documents(_ native: TollerMobileDocuments) throws -> [Document] {
    try (0..<native.len()).map { Document(try native.at($0)) }
}

/// An encoded query. It doesn't depend on the model staying open.
public final class Query: @unchecked Sendable {
    private let native: TollerMobileQuery

    init(_ native: TollerMobileQuery) {
        self.native = native
    }

    /// Reads what `data()` gave.
    public init(data: Data) throws {
        native = try made { TollerMobileReadQuery(data, $0) }
    }

    /// Vectors.
    public var count: Int { native.len() }
    public var dim: Int { native.dim() }

    /// All vectors, `count` rows of `dim`.
    public func vectors() -> [Float] { floats(native.vectors()) }

    /// A form that can be read on any device.
    public func data() throws -> Data { try native.bytes() }

    /// Orders encoded texts, best first. `topK` 0 keeps all.
    public func rank(_ documents: [Document], topK: Int = 0) throws -> [Hit] {
        let list = Shared(native: TollerMobileNewDocuments()!)
        for document in documents {
            try list.native.add(document.native)
        }
        return hits(try made { TollerMobileRankEncoded(native, list.native, topK, $0) })
    }
}

/// An encoded text. It doesn't depend on the model staying open.
public final class Document: @unchecked Sendable {
    let native: TollerMobileDocument

    init(_ native: TollerMobileDocument) {
        self.native = native
    }

    /// Reads what `data()` gave.
    public init(data: Data) throws {
        native = try made { TollerMobileReadDocument(data, $0) }
    }

    /// Vectors.
    public var count: Int { native.len() }
    public var dim: Int { native.dim() }
    public var truncated: Bool { native.truncated() }

    /// All vectors, `count` rows of `dim`.
    public func vectors() -> [Float] { floats(native.vectors()) }

    /// A form that can be read on any device.
    public func data() throws -> Data { try native.bytes() }
}

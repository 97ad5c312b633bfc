import Foundation
import TollerCore

/// How an index is opened; `codec` and `pooling` are those of a new file.
public struct IndexOptions: Sendable {
    public var readOnly: Bool
    public var codec: String
    public var pooling: Int

    public init(readOnly: Bool = false, codec: String = "", pooling: Int = 0) {
        self.readOnly = readOnly
        self.codec = codec
        self.pooling = pooling
    }

    func bound() -> TollerMobileIndexOptions {
        let native = TollerMobileNewIndexOptions()!
        native.readOnly = readOnly
        native.codec = codec
        native.pooling = pooling
        return native
    }
}

/// How a search finds its candidates.
public enum Mode: String, Sendable {
    case auto, exact, pruned, lexical, hybrid
}

/// What a search is to find.
public struct SearchOptions: Sendable {
    public var topK: Int
    /// A condition such as `year >= 2020 and tags has "birds"`.
    public var condition: String
    public var mode: Mode
    public var perDocument: Bool
    public var snippets: Bool
    public var evidence: Bool

    public init(topK: Int = 10, condition: String = "", mode: Mode = .auto, perDocument: Bool = false, snippets: Bool = true, evidence: Bool = false) {
        self.topK = topK
        self.condition = condition
        self.mode = mode
        self.perDocument = perDocument
        self.snippets = snippets
        self.evidence = evidence
    }

    func bound() -> TollerMobileSearchOptions {
        let native = TollerMobileNewSearchOptions()!
        native.topK = topK
        native.where = condition
        native.mode = mode.rawValue
        native.perDocument = perDocument
        native.noSnippets = !snippets
        native.evidence = evidence
        return native
    }
}

/// Documents in one file, to be found again. Any number of tasks may use it.
public final class Index: @unchecked Sendable {
    private let native: TollerMobileIndex

    private init(_ native: TollerMobileIndex) {
        self.native = native
    }

    /// Opens the index in the file at `path`, and creates it when there is none. Without a model an existing
    /// one can be searched by words, read and deleted from.
    public static func open(path: String, model: Model?, options: IndexOptions = IndexOptions()) async throws -> Index {
        try await blocking { cancel in
            Index(try made { TollerMobileOpenIndex(path, model?.native, options.bound(), cancel, $0) })
        }
    }

    public var path: String { native.path() }

    /// Adds the entries whose keys are new and replaces the others. It works in batches: what a cancelled call
    /// has stored stays.
    @discardableResult
    public func put(_ list: [Entry]) async throws -> Int {
        try await blocking { [self] cancel in
            var n = 0
            try native.put(entries(list), progress: nil, cancel: cancel, n: &n)
            return n
        }
    }

    /// `put`, with entries stored on the way.
    public func putSteps(_ list: [Entry]) -> Steps<Int> {
        steps { [self] progress, cancel in
            var n = 0
            try native.put(entries(list), progress: progress, cancel: cancel, n: &n)
            return n
        }
    }

    /// Removes entries, and returns how many there were.
    @discardableResult
    public func delete(_ keys: [String]) async throws -> Int {
        try await blocking { [self] cancel in
            var n = 0
            try native.delete(texts(keys), cancel: cancel, n: &n)
            return n
        }
    }

    /// The entry with this key, nil if there is none.
    public func entry(_ key: String) async throws -> Entry? {
        do {
            return try await blocking { [self] cancel in Entry(try native.get(key, cancel: cancel)) }
        } catch let error as TollerError where error.kind == .notFound {
            return nil
        }
    }

    /// The keys of the entries that meet a condition, all if it is empty.
    public func keys(_ condition: String = "") async throws -> [String] {
        try await blocking { [self] cancel in strings(try native.keys(condition, cancel: cancel)) }
    }

    /// Finds the passages that answer a query best, best first.
    public func search(_ query: String, _ options: SearchOptions = SearchOptions()) async throws -> [SearchResult] {
        try await blocking { [self] cancel in
            try results(native.search(query, options: options.bound(), cancel: cancel), evidence: options.evidence)
        }
    }

    /// Where a result's passage stands in the text of its entry.
    public func locate(_ result: SearchResult) async throws -> NSRange {
        try await blocking { [self] cancel in range(try native.locate(result.bound.native, cancel: cancel)) }
    }

    public func stat() async throws -> Stat {
        try await blocking { [self] cancel in Stat(try native.stat(cancel)) }
    }

    /// What is wrong with the file: nothing, unless it is damaged.
    public func check() async throws -> [String] {
        try await blocking { [self] cancel in strings(try native.check(nil, cancel: cancel)) }
    }

    /// Writes the file anew, as small as it can be.
    public func compact() async throws {
        try await blocking { [self] cancel in try native.compact(nil, cancel: cancel) }
    }

    /// `compact`, with units of one stage after the other on the way.
    public func compactSteps() -> Steps<Void> {
        steps { [self] progress, cancel in try native.compact(progress, cancel: cancel) }
    }

    /// Ends the calls that are running and closes the file. Blocks for up to 100 ms.
    public func close() throws {
        do {
            try native.close()
        } catch {
            throw translated(error)
        }
    }
}

extension Stat {
    init(_ native: TollerMobileStat) {
        documents = native.documents
        passages = native.passages
        tokens = native.tokens
        fileBytes = native.fileBytes
        model = native.model
        codec = native.codec
    }
}

private func entries(_ list: [Entry]) throws -> TollerMobileEntries {
    let native = TollerMobileNewEntries()!
    for entry in list {
        try native.add(entry.bound())
    }
    return native
}

private func results(_ native: TollerMobileResults, evidence: Bool) throws -> [SearchResult] {
    try (0..<native.len()).map { try SearchResult(native.at($0), evidence: evidence) }
}

private func range(_ native: TollerMobileSpan) -> NSRange {
    NSRange(location: native.start, length: native.end - native.start)
}

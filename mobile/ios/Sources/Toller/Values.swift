import Foundation
import TollerCore

/// A stretch of a text, in UTF-16 units, as `NSRange` counts them. `weight` is what of the score comes from
/// it, 0 where that isn't known.
public struct Highlight: Sendable, Hashable {
    public let start: Int
    public let end: Int
    public let weight: Float

    public var range: NSRange { NSRange(location: start, length: end - start) }

    /// The same in the indices of a `String`.
    public func range(in text: String) -> Range<String.Index>? { Range(range, in: text) }
}

/// One text of a ranking: `index` in the list that was ranked.
public struct Hit: Sendable, Hashable {
    public let index: Int
    public let score: Float
    public let mean: Float
    public let truncated: Bool
}

/// A token of the query, the token of the text that is most like it, and what that gives.
public struct Match: Sendable, Hashable {
    public let queryToken: String
    public let documentToken: String
    public let similarity: Double
    public let share: Double
    public let querySpans: [Highlight]
    public let documentSpans: [Highlight]
    public let titleSpans: [Highlight]
}

/// Where a score comes from.
public struct Explanation: Sendable, Hashable {
    public let score: Double
    public let mean: Double
    public let passageStart: Int
    public let passage: String
    public let highlights: [Highlight]
    public let matches: [Match]

    init(_ native: TollerMobileExplanation) throws {
        score = native.score
        mean = native.mean
        passageStart = native.passageStart
        passage = native.passage
        highlights = spans(native.highlights())
        matches = try (0..<native.len()).map { try Match(native.at($0)) }
    }
}

extension Match {
    init(_ native: TollerMobileMatch) {
        queryToken = native.queryToken
        documentToken = native.documentToken
        similarity = native.similarity
        share = native.share
        querySpans = spans(native.querySpans())
        documentSpans = spans(native.documentSpans())
        titleSpans = spans(native.titleSpans())
    }
}

/// A document of an index. `metadata` is a JSON object.
public struct Entry: Sendable, Hashable, Identifiable {
    public var key: String
    public var text: String
    public var title: String
    public var source: String
    public var metadata: String?
    public var time: Date?

    public var id: String { key }

    public init(key: String, text: String, title: String = "", source: String = "", metadata: String? = nil, time: Date? = nil) {
        self.key = key
        self.text = text
        self.title = title
        self.source = source
        self.metadata = metadata
        self.time = time
    }

    init(_ native: TollerMobileEntry) {
        key = native.key
        text = native.text
        title = native.title
        source = native.source
        metadata = native.metadata.isEmpty ? nil : native.metadata
        time = native.time == 0 ? nil : Date(timeIntervalSince1970: Double(native.time) / 1000)
    }

    func bound() -> TollerMobileEntry {
        let native = TollerMobileNewEntry(key, text)!
        native.title = title
        native.source = source
        native.metadata = metadata ?? ""
        native.time = time.map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) } ?? 0
        return native
    }
}

/// A passage that a search found. Highlights are in `snippet` and in `title`.
public struct SearchResult: Sendable, Identifiable {
    public let key: String
    public let title: String
    public let source: String
    public let heading: String
    public let text: String
    public let score: Double
    public let maxSim: Double
    public let bm25: Double
    public let snippetStart: Int
    public let snippet: String
    public let highlights: [Highlight]
    public let titleHighlights: [Highlight]
    /// With `SearchOptions.evidence` only.
    public let explanation: Explanation?
    let bound: Shared<TollerMobileResult>

    /// An entry may be found by several passages.
    public var id: String { "\(key)\u{0}\(heading)\u{0}\(text.hashValue)" }

    init(_ native: TollerMobileResult, evidence: Bool) throws {
        key = native.key
        title = native.title
        source = native.source
        heading = native.heading
        text = native.text
        score = native.score
        maxSim = native.maxSim
        bm25 = native.lexical
        snippetStart = native.snippetStart
        snippet = native.snippet
        highlights = spans(native.highlights())
        titleHighlights = spans(native.titleHighlights())
        explanation = evidence ? try Explanation(native.explain()) : nil
        bound = Shared(native: native)
    }
}

/// What an index holds.
public struct Stat: Sendable, Hashable {
    public let documents: Int64
    public let passages: Int64
    public let tokens: Int64
    public let fileBytes: Int64
    public let model: String
    public let codec: String
}

func texts(_ list: [String]) -> TollerMobileTexts {
    let native = TollerMobileNewTexts()!
    for text in list {
        native.add(text)
    }
    return native
}

func strings(_ native: TollerMobileTexts) -> [String] {
    // Within the list it can't fail.
    (0..<native.len()).map { native.at($0, error: nil) }
}

func spans(_ bound: TollerMobileSpans?) -> [Highlight] {
    guard let native = bound, let data = native.packed() else {
        return []
    }
    return (0..<data.count / 12).map {
        Highlight(start: integer(data, 12 * $0), end: integer(data, 12 * $0 + 4), weight: float(data, 12 * $0 + 8))
    }
}

func hits(_ native: TollerMobileRanking) -> [Hit] {
    guard let data = native.packed() else {
        return []
    }
    return (0..<data.count / 16).map {
        Hit(index: integer(data, 16 * $0), score: float(data, 16 * $0 + 4), mean: float(data, 16 * $0 + 8), truncated: integer(data, 16 * $0 + 12) != 0)
    }
}

func floats(_ data: Data?) -> [Float] {
    guard let data else {
        return []
    }
    return (0..<data.count / 4).map { float(data, 4 * $0) }
}

private func bits(_ data: Data, _ offset: Int) -> UInt32 {
    data.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
}

private func integer(_ data: Data, _ offset: Int) -> Int { Int(Int32(bitPattern: bits(data, offset))) }

private func float(_ data: Data, _ offset: Int) -> Float { Float(bitPattern: bits(data, offset)) }

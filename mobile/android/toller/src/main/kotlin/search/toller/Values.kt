package search.toller

import java.nio.ByteBuffer
import java.nio.ByteOrder
import search.toller.mobile.Ranking as NativeRanking
import search.toller.mobile.Spans as NativeSpans
import search.toller.mobile.Texts as NativeTexts

/**
 * A stretch of a text, [start] to [end] in the indices of String. [weight] is what of the score
 * comes from it, 0 where that isn't known.
 */
data class Highlight(val start: Int, val end: Int, val weight: Float) {
    /** The part of [text] that this covers. */
    fun of(text: String): String = text.substring(start, end)
}

/** One text of a ranking: [index] in the list that was ranked. */
data class Hit(val index: Int, val score: Float, val mean: Float, val truncated: Boolean)

/** A token of the query, the token of the text that is most like it, and what that gives. */
data class Match(
    val queryToken: String,
    val documentToken: String,
    val similarity: Double,
    val share: Double,
    val querySpans: List<Highlight>,
    val documentSpans: List<Highlight>,
    val titleSpans: List<Highlight>,
)

/** Where a score comes from. */
data class Explanation(
    val score: Double,
    val mean: Double,
    val passageStart: Int,
    val passage: String,
    val highlights: List<Highlight>,
    val matches: List<Match>,
)

/** A document of an index. [metadata] is a JSON object, [timeMillis] as System.currentTimeMillis gives it. */
data class Entry(
    val key: String,
    val text: String,
    val title: String = "",
    val source: String = "",
    val metadata: String? = null,
    val timeMillis: Long? = null,
)

/** A passage that a search found. Highlights are in [snippet] and in [title]. */
data class SearchResult(
    val key: String,
    val title: String,
    val source: String,
    val heading: String,
    val text: String,
    val score: Double,
    val maxSim: Double,
    val bm25: Double,
    val snippetStart: Int,
    val snippet: String,
    val highlights: List<Highlight>,
    val titleHighlights: List<Highlight>,
    /** With [SearchOptions.evidence] only. */
    val explanation: Explanation?,
    internal val native: search.toller.mobile.Result,
)

/** What an index holds. */
data class Stat(
    val documents: Long,
    val passages: Long,
    val tokens: Long,
    val fileBytes: Long,
    val model: String,
    val codec: String,
)

internal fun texts(list: Iterable<String>) = NativeTexts().apply { list.forEach(::add) }

internal fun NativeTexts.list(): List<String> = List(len().toInt()) { at(it.toLong()) }

private fun ByteArray?.numbers(): ByteBuffer = ByteBuffer.wrap(this ?: ByteArray(0)).order(ByteOrder.LITTLE_ENDIAN)

internal fun NativeSpans.list(): List<Highlight> {
    val b = packed().numbers()
    return List(b.remaining() / 12) { Highlight(b.getInt(), b.getInt(), b.getFloat()) }
}

internal fun NativeRanking.list(): List<Hit> {
    val b = packed().numbers()
    return List(b.remaining() / 16) { Hit(b.getInt(), b.getFloat(), b.getFloat(), b.getInt() != 0) }
}

internal fun ByteArray?.floats(): FloatArray {
    val b = numbers()
    return FloatArray(b.remaining() / 4) { b.getFloat() }
}

internal fun explanation(e: search.toller.mobile.Explanation) = Explanation(
    e.score, e.mean, e.passageStart.toInt(), e.passage, e.highlights().list(),
    List(e.len().toInt()) { i ->
        val m = e.at(i.toLong())
        Match(
            m.queryToken, m.documentToken, m.similarity, m.share,
            m.querySpans().list(), m.documentSpans().list(), m.titleSpans().list(),
        )
    },
)

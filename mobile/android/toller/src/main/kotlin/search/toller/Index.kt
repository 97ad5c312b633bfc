package search.toller

import kotlinx.coroutines.flow.Flow
import search.toller.mobile.Entries as NativeEntries
import search.toller.mobile.Index as NativeIndex
import search.toller.mobile.IndexOptions as NativeIndexOptions
import search.toller.mobile.Mobile
import search.toller.mobile.SearchOptions as NativeSearchOptions

/** How an index is opened; [codec] and [pooling] are those of a new file. */
data class IndexOptions(val readOnly: Boolean = false, val codec: String = "", val pooling: Int = 0) {
    internal fun native() = NativeIndexOptions().also {
        it.readOnly = readOnly
        it.codec = codec
        it.pooling = pooling.toLong()
    }
}

/** How a search finds its candidates. */
enum class Mode(internal val native: String) {
    AUTO("auto"), EXACT("exact"), PRUNED("pruned"), LEXICAL("lexical"), HYBRID("hybrid"),
}

/** What a search is to find. [where] is a condition such as `year >= 2020 and tags has "birds"`. */
data class SearchOptions(
    val topK: Int = 10,
    val where: String = "",
    val mode: Mode = Mode.AUTO,
    val perDocument: Boolean = false,
    val snippets: Boolean = true,
    val evidence: Boolean = false,
) {
    internal fun native() = NativeSearchOptions().also {
        it.topK = topK.toLong()
        it.where = where
        it.mode = mode.native
        it.perDocument = perDocument
        it.noSnippets = !snippets
        it.evidence = evidence
    }
}

/** Documents in one file, to be found again. Any number of coroutines may use it. */
class Index private constructor(private val native: NativeIndex) : AutoCloseable {
    val path: String get() = native.path()

    /**
     * Adds the entries whose keys are new and replaces the others. It works in batches: what a
     * cancelled call has stored stays.
     */
    suspend fun put(entries: List<Entry>): Long = blocking { native.put(natives(entries), null, it) }

    /** [put], with entries stored on the way. */
    fun putSteps(entries: List<Entry>): Flow<Step<Long>> =
        steps { progress, cancel -> native.put(natives(entries), progress, cancel) }

    /** Removes entries, and returns how many there were. */
    suspend fun delete(keys: List<String>): Long = blocking { native.delete(texts(keys), it) }

    /** The entry with this key, null if there is none. */
    suspend fun get(key: String): Entry? = try {
        blocking { entry(native.get(key, it)) }
    } catch (e: TollerException) {
        if (e.kind != ErrorKind.NOT_FOUND) throw e
        null
    }

    /** The keys of the entries that meet a condition, all if it is empty. */
    suspend fun keys(where: String = ""): List<String> = blocking { native.keys(where, it).list() }

    /** Finds the passages that answer a query best, best first. */
    suspend fun search(query: String, options: SearchOptions = SearchOptions()): List<SearchResult> = blocking { cancel ->
        val found = native.search(query, options.native(), cancel)
        List(found.len().toInt()) { result(found.at(it.toLong()), options.evidence) }
    }

    /** Where a result's passage stands in the text of its entry. */
    suspend fun locate(result: SearchResult): IntRange = blocking {
        val span = native.locate(result.native, it)
        span.start.toInt() until span.end.toInt()
    }

    suspend fun stat(): Stat = blocking {
        val s = native.stat(it)
        Stat(s.documents, s.passages, s.tokens, s.fileBytes, s.model, s.codec)
    }

    /** What is wrong with the file: nothing, unless it is damaged. */
    suspend fun check(): List<String> = blocking { native.check(null, it).list() }

    /** Writes the file anew, as small as it can be. */
    suspend fun compact() = blocking { native.compact(null, it) }

    /** [compact], with units of one stage after the other on the way. */
    fun compactSteps(): Flow<Step<Unit>> = steps { progress, cancel -> native.compact(progress, cancel) }

    /** Ends the calls that are running and closes the file. Blocks for up to 100 ms. */
    override fun close() = translated { native.close() }

    companion object {
        /**
         * Opens the index in the file at [path], and creates it when there is none. Without a
         * model an existing one can be searched by words, read and deleted from.
         */
        suspend fun open(path: String, model: Model?, options: IndexOptions = IndexOptions()) =
            Index(blocking { Mobile.openIndex(path, model?.native, options.native(), it) })

        private fun natives(entries: List<Entry>) = NativeEntries().apply {
            for (e in entries) {
                add(
                    search.toller.mobile.Entry(e.key, e.text).also {
                        it.title = e.title
                        it.source = e.source
                        it.metadata = e.metadata.orEmpty()
                        it.time = e.timeMillis ?: 0
                    },
                )
            }
        }

        private fun entry(e: search.toller.mobile.Entry) = Entry(
            e.key, e.text, e.title, e.source, e.metadata.ifEmpty { null }, e.time.takeIf { it != 0L },
        )

        private fun result(r: search.toller.mobile.Result, evidence: Boolean) = SearchResult(
            r.key, r.title, r.source, r.heading, r.text, r.score, r.maxSim, r.lexical,
            r.snippetStart.toInt(), r.snippet, r.highlights().list(), r.titleHighlights().list(),
            if (evidence) explanation(r.explain()) else null, r,
        )
    }
}

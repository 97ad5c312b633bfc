package search.toller

import kotlinx.coroutines.flow.Flow
import search.toller.mobile.Documents as NativeDocuments
import search.toller.mobile.Mobile
import search.toller.mobile.Model as NativeModel
import search.toller.mobile.ModelOptions as NativeOptions

/** How a model is opened; 0 is as the memory preset, or the model, says. */
data class ModelOptions(val threads: Int = 0, val documentLength: Int = 0) {
    internal fun native() = NativeOptions().also {
        it.threads = threads.toLong()
        it.documentLength = documentLength.toLong()
    }
}

/** A model that ranks, encodes and explains texts. Any number of coroutines may use it. */
class Model private constructor(internal val native: NativeModel) : AutoCloseable {
    val name: String get() = native.name()

    /** Components of a vector. */
    val dim: Int get() = native.dim().toInt()

    val threads: Int get() = native.threads().toInt()

    /** Vectors can be compared where it is the same. */
    val fingerprint: String get() = native.fingerprint()

    /** Everything there is to know about the model, as JSON. */
    fun describe(): String = translated { native.describe() }

    /** Orders texts by how well they answer a query, best first. [topK] 0 keeps all. */
    suspend fun rank(query: String, texts: List<String>, topK: Int = 0): List<Hit> =
        blocking { native.rank(query, texts(texts), topK.toLong(), null, it).list() }

    /** [rank], with texts done on the way. */
    fun rankSteps(query: String, texts: List<String>, topK: Int = 0): Flow<Step<List<Hit>>> =
        steps { progress, cancel -> native.rank(query, texts(texts), topK.toLong(), progress, cancel).list() }

    suspend fun encodeQuery(text: String): Query = blocking { Query(native.encodeQuery(text, it)) }

    /** Encodes texts that are ranked more than once. To keep many, use an [Index]. */
    suspend fun encodeDocuments(texts: List<String>): List<Document> =
        blocking { documents(native.encodeDocuments(texts(texts), null, it)) }

    /** [encodeDocuments], with texts done on the way. */
    fun encodeSteps(texts: List<String>): Flow<Step<List<Document>>> =
        steps { progress, cancel -> documents(native.encodeDocuments(texts(texts), progress, cancel)) }

    /** Says what in a text answers a query. The best passage has at most [passageBytes] of UTF-8, 0: 280. */
    suspend fun explain(query: String, text: String, passageBytes: Int = 0): Explanation =
        blocking { explanation(native.explain(query, text, passageBytes.toLong(), it)) }

    /** Tokens of a text, [limit] for those that have more. */
    suspend fun countTokens(text: String, limit: Int): Int = blocking { native.countTokens(text, limit.toLong()).toInt() }

    /** Ends the calls that are running and gives the model's memory back. Blocks for up to 100 ms. */
    override fun close() = translated { native.close() }

    companion object {
        /** Opens a checkpoint's folder, or a file made by `toller pack`, which is mapped and not read. */
        suspend fun open(path: String, options: ModelOptions = ModelOptions()) =
            Model(blocking { Mobile.open(path, options.native()) })

        /** Opens a packed model from memory. It is copied: a file takes less. */
        suspend fun open(name: String, packed: ByteArray, options: ModelOptions = ModelOptions()) =
            Model(blocking { Mobile.openBytes(name, packed, options.native()) })

        /** Opens the model that the app was built with. */
        suspend fun builtin(options: ModelOptions = ModelOptions()) =
            Model(blocking { Mobile.openBuiltin(options.native()) })

        private fun documents(list: NativeDocuments) = List(list.len().toInt()) { Document(list.at(it.toLong())) }
    }
}

/** An encoded query. It doesn't depend on the model staying open. */
class Query internal constructor(private val native: search.toller.mobile.Query) {
    val size: Int get() = native.len().toInt()
    val dim: Int get() = native.dim().toInt()

    /** All vectors, [size] rows of [dim]. */
    fun vectors(): FloatArray = native.vectors().floats()

    /** A form that [read] reads on any device. */
    fun toBytes(): ByteArray = translated { native.bytes() }

    /** Orders encoded texts, best first. [topK] 0 keeps all. */
    fun rank(documents: List<Document>, topK: Int = 0): List<Hit> = translated {
        val list = NativeDocuments()
        documents.forEach { list.add(it.native) }
        Mobile.rankEncoded(native, list, topK.toLong()).list()
    }

    companion object {
        fun read(data: ByteArray): Query = translated { Query(Mobile.readQuery(data)) }
    }
}

/** An encoded text. It doesn't depend on the model staying open. */
class Document internal constructor(internal val native: search.toller.mobile.Document) {
    val size: Int get() = native.len().toInt()
    val dim: Int get() = native.dim().toInt()
    val truncated: Boolean get() = native.truncated()

    /** All vectors, [size] rows of [dim]. */
    fun vectors(): FloatArray = native.vectors().floats()

    /** A form that [read] reads on any device. */
    fun toBytes(): ByteArray = translated { native.bytes() }

    companion object {
        fun read(data: ByteArray): Document = translated { Document(Mobile.readDocument(data)) }
    }
}

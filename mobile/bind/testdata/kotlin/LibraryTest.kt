import android.content.Context
import java.nio.file.Files
import kotlin.system.exitProcess
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import search.toller.Document
import search.toller.Entry
import search.toller.ErrorKind
import search.toller.Highlight
import search.toller.Index
import search.toller.IndexOptions
import search.toller.Memory
import search.toller.Mode
import search.toller.Model
import search.toller.ModelOptions
import search.toller.Query
import search.toller.SearchOptions
import search.toller.Step
import search.toller.Toller
import search.toller.TollerException

private const val QUESTION = "What is the capital of France?"
private val animals = listOf(
    "Bananas are rich in potassium.", "Paris is the capital of France.", "Berlin is the capital of Germany.",
)
private val folder = Files.createTempDirectory("toller")

/** Runs the Kotlin library on the JDK. It ends at the first failure. */
fun main(args: Array<String>) {
    try {
        runBlocking { test(args[0]) }
    } catch (t: Throwable) {
        t.printStackTrace()
        exitProcess(1)
    }
    println("library: all passed")
    exitProcess(0) // Go's threads that have called back stay attached
}

private suspend fun test(packed: String) {
    Toller.initialize(Context())
    check(Toller.hasBuiltinModel && Toller.version.isNotEmpty())
    Model.builtin().use { model ->
        Model.open(packed, ModelOptions(threads = 1)).use { file ->
            check(file.fingerprint == model.fingerprint && file.threads == 1 && "\"dim\"" in file.describe())
        }
        ranks(model)
        encodes(model)
        offsets(model)
        indexes(model)
        steps(model)
        cancels(model)
        errors(model)
        Toller.trim()
        Toller.initialize(Context(), Memory.EXTENSION)
        check(Model.builtin().use { it.threads } == 1)
    }
}

private suspend fun ranks(model: Model) {
    val hits = model.rank(QUESTION, animals)
    check(hits.map { it.index } == listOf(1, 2, 0) && hits[0].mean > 0 && !hits[0].truncated) { hits }
    check(model.rank(QUESTION, animals, topK = 1) == hits.take(1))
    check(model.countTokens("hello there", 100) >= 2)
}

private suspend fun encodes(model: Model) {
    val query = Query.read(model.encodeQuery(QUESTION).toBytes())
    val documents = model.encodeDocuments(animals).map { Document.read(it.toBytes()) }
    check(documents[0].vectors().size == documents[0].size * documents[0].dim && !documents[0].truncated)
    check(query.vectors().size == query.size * query.dim && query.dim == model.dim)
    check(query.rank(documents) == model.rank(QUESTION, animals))
}

private fun List<Highlight>.words(text: String) = joinToString(" ") { it.of(text) }

private suspend fun offsets(model: Model) {
    for (before in listOf("", "Grüße! ", "日本語。", "😀🧬 👩‍👩‍👧 ", "\ud83d lone ")) {
        val text = before + animals[1]
        val e = model.explain(QUESTION, text)
        check("capital" in e.highlights.words(text)) { before + e }
        check(e.matches.any { it.documentSpans.words(text).trim() == it.documentToken && it.querySpans.isNotEmpty() })
        check(before.startsWith("\ud83d") || text.startsWith(e.passage, e.passageStart)) { e }
    }
}

private suspend fun indexes(model: Model) {
    val path = folder.resolve("notes.db").toString()
    val france = Entry("france", "😀 Some words first. ${animals[1]}", "France 🇫🇷", "a book", """{"year":2020}""", 1577836800000)
    Index.open(path, model).use { index ->
        check(index.put(listOf(france, Entry("bananas", animals[0]))) == 2L)
        val found = index.search(QUESTION, SearchOptions(where = "year >= 2000", evidence = true, perDocument = true)).single()
        check(found.key == "france" && "capital" in found.highlights.words(found.snippet)) { found }
        check(found.explanation!!.matches.isNotEmpty())
        check(found.text == france.text.substring(index.locate(found)))
        check(index.get("france") == france && index.get("nothing") == null)
        check(index.keys() == listOf("france", "bananas") && index.stat().documents == 2L)
        check(index.search("potassium", SearchOptions(mode = Mode.LEXICAL, snippets = false)).single().snippet == "")
        check(index.delete(listOf("bananas", "nothing")) == 1L && index.check().isEmpty())
        index.compact()
    }
    Index.open(path, null, IndexOptions(readOnly = true)).use { index ->
        check(index.path == path && index.search("capital").single().title == "France 🇫🇷")
        refused(ErrorKind.READ_ONLY) { index.delete(listOf("france")) }
    }
}

private suspend fun steps(model: Model) {
    val steps = model.rankSteps(QUESTION, animals).toList()
    check((steps.last() as Step.Finished).value == model.rank(QUESTION, animals))
    check(steps.dropLast(1).all { it is Step.Working && it.total == 3L } && steps.size == 4) { steps }
    check((model.encodeSteps(animals).toList().last() as Step.Finished).value.size == 3)
    // Collecting no more ends the call.
    check(model.rankSteps(QUESTION, long).first() is Step.Working)
    Index.open(folder.resolve("steps.db").toString(), model).use { index ->
        val stored = index.putSteps(animals.mapIndexed { i, text -> Entry("$i", text) }).toList()
        check((stored.last() as Step.Finished).value == 3L && stored.size > 1) { stored }
        check(index.compactSteps().toList().last() is Step.Finished)
    }
}

private val long = List(500) { "Paris is the capital of France. ".repeat(40) + it }

private suspend fun cancels(model: Model) = kotlinx.coroutines.coroutineScope {
    val started = CompletableDeferred<Unit>()
    var thrown: Throwable? = null
    val job = launch {
        try {
            model.rankSteps(QUESTION, long).collect { started.complete(Unit) }
        } catch (e: Throwable) {
            thrown = e
            throw e
        }
    }
    started.await()
    val began = System.nanoTime()
    job.cancelAndJoin()
    val took = (System.nanoTime() - began) / 1_000_000
    check(thrown is CancellationException && took < 2000) { "$thrown after $took ms" }
    check(withTimeoutOrNull(100) { model.rank(QUESTION, long) } == null) // cancelled by its time
    println("cancelled after $took ms")
}

private suspend fun errors(model: Model) {
    refused(ErrorKind.OTHER) { Model.open(folder.toString()) }
    refused(ErrorKind.OTHER) { model.rank("q", animals, -1) }
    refused(ErrorKind.OTHER) { Query.read(byteArrayOf(1, 2, 3)) }
    refused(ErrorKind.NOT_FOUND) { Index.open(folder.resolve("none.db").toString(), model, IndexOptions(readOnly = true)) }
    val closed = Model.builtin().also { it.close() }
    refused(ErrorKind.CLOSED) { closed.encodeQuery("q") }
}

private suspend fun refused(kind: ErrorKind, call: suspend () -> Unit) {
    try {
        call()
    } catch (e: TollerException) {
        check(e.kind == kind && !e.message.isNullOrEmpty()) { "expected $kind, found ${e.kind}: ${e.message}" }
        return
    }
    error("expected an error of kind $kind, found none")
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

public sealed class SubmitBatchTests : ProducerTest
{
    private const string Ndjson = "application/x-ndjson";

    [TearDown]
    public async Task The_process_goes_on() => await Producer.SubmitAsync();

    [Test]
    public async Task A_bad_line_spoils_only_itself()
    {
        var lines = Enumerable.Range(0, 1000).Select(i => Line($"line {i}")).ToArray();
        lines[17] = """{"kind":"debug.echo","input":{"message":"not closed"}""";
        lines[500] = """{"kind":"debug.ecko","input":{}}""";
        lines[999] = """{"kind":"debug.echo","input":{"message":"\u0000"}}""";

        var answers = await SubmitAsync(string.Join('\n', lines));

        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(a => a.Index), Is.EqualTo(Enumerable.Range(0, 1000)));
            Assert.That(answers.Where(a => a.Status != 202).Select(a => (a.Index, a.Status, a.Problem?.Type)), Is.EqualTo(new[]
            {
                (17, 400, ProblemTypes.MalformedJson),
                (500, 422, ProblemTypes.UnknownKind),
                (999, 422, ProblemTypes.InvalidInput),
            }));
            Assert.That((answers[17].Problem?.Line, answers[17].Problem?.BytePosition), Is.EqualTo((18L, 54L)), answers[17].Problem?.Detail);
            Assert.That(answers[500].Problem?.Nearest, Is.EqualTo(new[] { "debug.echo" }));
            Assert.That(answers[999].Problem?.Errors?.Single().Pointer, Is.EqualTo("#/input/message"));
            Assert.That(answers.Where(a => a.Status == 202).Select(a => a.Id), Is.Unique.And.All.Not.Null);
        });
        var stored = await Producer.ScalarAsync($"SELECT count(*) FROM messaging.tasks t JOIN messaging.open_tasks o USING (id) WHERE t.id IN ({Ids(answers)})");
        Assert.That(stored, Is.EqualTo(997L));
        Assert.That((await Producer.FindAsync(answers[998].Id!.Value)).Input.ToString(), Is.EqualTo("""{"message":"line 998"}"""));
    }

    [Test]
    public async Task An_array_is_taken_too()
    {
        var answers = await SubmitAsync($" \n[{Line("a")} , {Line("b ]}\\\"[{")},\n{{\"kind\":7}},{Line("d")}]\n", "application/json");

        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(a => (a.Index, a.Status)), Is.EqualTo(new[] { (0, 202), (1, 202), (2, 400), (3, 202) }));
            Assert.That(answers[2].Problem?.Errors?.Select(e => e.Pointer), Is.EqualTo(new[] { "#/kind", "#/input" }));
        });
        Assert.That((await Producer.FindAsync(answers[1].Id!.Value)).Input.ToString(), Is.EqualTo("""{"message":"b ]}\"[{"}"""));
    }

    [TestCase("")]
    [TestCase("\n\n  \r\n")]
    public async Task No_lines_are_no_tasks(string body) => Assert.That(await SubmitAsync(body), Is.Empty);

    [Test]
    public async Task An_empty_array_is_no_tasks() => Assert.That(await SubmitAsync(" [ \n ] ", "application/json"), Is.Empty);

    [Test]
    public async Task Blank_lines_and_carriage_returns_do_not_count() =>
        Assert.That((await SubmitAsync($"\r\n{Line("a")}\r\n\r\n{Line("b")}\r\n")).Select(a => (a.Index, a.Status)), Is.EqualTo(new[] { (0, 202), (1, 202) }));

    [TestCase("[{GOOD},]", "202 400", 1, 51)]
    [TestCase("[,]", "400 400", 1, 2)]
    [TestCase("[{GOOD}", "400", 1, 50)]
    [TestCase("[{GOOD}\n", "400", 2, 1)]
    [TestCase("[{GOOD},\n{GOOD}", "202 400", 2, 49)]
    [TestCase("[{GOOD}] [", "202 400", 1, 52)]
    [TestCase("[\n {\"kind\":x}\n,{GOOD}]", "400 202", 2, 10)]
    [TestCase("[{\"kind\":[}],{GOOD}]", "400 202", 1, 11)]
    public async Task An_array_that_is_not_json_is_told_where(string body, string statuses, int line, int position)
    {
        var answers = await SubmitAsync(body.Replace("{GOOD}", Line("good"), StringComparison.Ordinal), "application/json");

        var first = answers.First(a => a.Status == 400).Problem!;
        Assert.Multiple(() =>
        {
            Assert.That(string.Join(' ', answers.Select(a => a.Status)), Is.EqualTo(statuses));
            Assert.That(first.Type, Is.EqualTo(ProblemTypes.MalformedJson));
            Assert.That((first.Line, first.BytePosition), Is.EqualTo(((long?)line, (long?)position)), first.Detail);
        });
    }

    [TestCase("\n {\"kind\":\"debug.echo\",\"input\":{}}", 2, 2)]
    [TestCase("", 1, 1)]
    public async Task Json_that_is_no_array_is_refused_as_a_whole(string body, int line, int position)
    {
        using var answer = await Producer.PostAsync("/v1/tasks/batch", body);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        Assert.That((problem.Line, problem.BytePosition), Is.EqualTo(((long?)line, (long?)position)));
    }

    [TestCase(Ndjson)]
    [TestCase("application/json")]
    public async Task Tasks_beyond_10_000_are_refused_one_by_one(string type)
    {
        var lines = Enumerable.Range(0, 10_003).Select(i => Line($"{i}"));

        var answers = await SubmitAsync(type == Ndjson ? string.Join('\n', lines) : $"[{string.Join(',', lines)}]", type);

        Assert.Multiple(() =>
        {
            Assert.That(answers, Has.Count.EqualTo(10_003));
            Assert.That(answers.Take(10_000).Select(a => a.Status), Has.All.EqualTo(202));
            Assert.That(answers.Skip(10_000).Select(a => (a.Index, a.Status, a.Problem?.Type)), Is.EqualTo(new[]
            {
                (10_000, 413, ProblemTypes.TooManyTasks), (10_001, 413, ProblemTypes.TooManyTasks), (10_002, 413, ProblemTypes.TooManyTasks),
            }));
        });
    }

    [TestCase(Ndjson)]
    [TestCase("application/json")]
    public async Task Large_tasks_and_too_large_ones_are_told_apart(string type)
    {
        string[] lines = [Line(new string('a', 200_000)), Line(new string('b', 300_000)), Line(new string('c', 3_000_000)), Line("d")];

        var answers = await SubmitAsync(type == Ndjson ? string.Join('\n', lines) : $"[{string.Join(',', lines)}]", type);

        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(a => a.Status), Is.EqualTo(new[] { 202, 202, 413, 202 }));
            Assert.That(answers[2].Problem?.Type, Is.EqualTo(ProblemTypes.TooLarge));
        });
        Assert.That((await Producer.FindAsync(answers[0].Id!.Value)).Input?.Utf8.Length, Is.EqualTo(200_000 + 14));
        Assert.That((await Producer.FindAsync(answers[1].Id!.Value)).Input?.Utf8.Length, Is.EqualTo(300_000 + 14), "kept as a file");
    }

    [Test]
    public async Task More_input_than_may_be_under_way_is_taken_bit_by_bit()
    {
        var answers = await SubmitAsync(string.Join('\n', Enumerable.Range(0, 160).Select(i => Line(new string('x', 250_000)))));

        Assert.That(answers.Select(a => a.Status), Has.Exactly(160).EqualTo(202));
    }

    [Test]
    public async Task A_body_of_another_type_is_refused()
    {
        using var answer = await Producer.PostAsync("/v1/tasks/batch", Line("a"), "text/plain");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
        Assert.That(problem.Detail, Does.Contain(Ndjson));
    }

    [Test]
    public async Task Each_line_is_answered_while_the_next_are_still_to_come()
    {
        using var socket = await OpenBatchAsync();
        using var reader = new StreamReader(socket.GetStream());
        await SendChunkAsync(socket, Line("first") + "\n");
        var text = new StringBuilder();
        while (!text.ToString().Contains("\"index\":0,\"status\":202", StringComparison.Ordinal))
            text.AppendLine(await reader.ReadLineAsync());
        await SendChunkAsync(socket, Line("second"));
        await socket.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray());
        while (!text.ToString().Contains("\"index\":1,\"status\":202", StringComparison.Ordinal))
            text.AppendLine(await reader.ReadLineAsync());

        Assert.That(text.ToString(), Does.StartWith("HTTP/1.1 200"));
    }

    [Test]
    public async Task What_a_client_sent_before_it_vanished_is_kept()
    {
        var tag = $"vanished-{Guid.NewGuid():N}";
        using (var socket = await OpenBatchAsync())
        {
            await SendChunkAsync(socket, string.Concat(Enumerable.Range(0, 100).Select(i => $$"""{"kind":"debug.echo","input":{"message":"{{i}}"},"tags":["{{tag}}"]}""" + "\n")));
            await SendChunkAsync(socket, """{"kind":"debug.echo","input":{"mess""");
            await Eventually.GetAsync(_ => Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), count => count is 100L);
            socket.Client.LingerState = new LingerOption(true, 0);
        }

        await Producer.SubmitAsync();
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(100L));
    }

    private static string Line(string message) => $"{{\"kind\":\"debug.echo\",\"input\":{{\"message\":\"{message}\"}}}}";

    private static string Ids(IEnumerable<BatchAnswer> answers) => string.Join(',', answers.Where(a => a.Id is not null).Select(a => $"'{a.Id}'"));

    private async Task<List<BatchAnswer>> SubmitAsync(string body, string type = Ndjson)
    {
        using var answer = await Producer.PostAsync("/v1/tasks/batch", body, type);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), text);
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo(Ndjson));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<BatchAnswer>(line, HttpJson.Options)!)];
    }

    private async Task<TcpClient> OpenBatchAsync()
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Producer.Address.Port);
        var head = $"POST /v1/tasks/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: {Ndjson}\r\nTransfer-Encoding: chunked\r\n\r\n";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        return socket;
    }

    private static async Task SendChunkAsync(TcpClient socket, string text) =>
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n"));
}

using System.Text.Json.Nodes;
using Npgsql;

namespace Messaging.Tests.EndToEnd;

/// <summary>Inputs and results of megabytes, through all processes.</summary>
public sealed class LargeTaskTests
{
    [Test]
    public async Task A_large_input_reaches_the_handler_and_a_large_result_comes_back()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        var message = new string('m', 3 * 1024 * 1024);
        var small = await system.SubmitAsync("debug.echo", new { message = "small" });
        var ended = await system.EndedAsync(await system.SubmitAsync("debug.echo", new { message, failTimes = 1 }));

        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("succeeded"), ended["failure"]?.ToJsonString());
        Assert.That(ended["result"]!["message"]!.GetValue<string>(), Is.EqualTo(message));
        Assert.That(ended["input"]!["message"]!.GetValue<string>(), Is.EqualTo(message));
        Assert.That(ended["attempt"]!.GetValue<int>(), Is.EqualTo(2), "also when it is tried again");
        await using var connection = await system.ConnectAsync();
        await using var submit = new NpgsqlCommand("SELECT messaging.submit('debug.echo', json_build_object('message', $1::text))", connection);
        submit.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message });
        var bySql = await system.EndedAsync(new JsonObject { ["id"] = (await submit.ExecuteScalarAsync())!.ToString() });
        Assert.That(bySql["result"]?["message"]?.GetValue<string>(), Is.EqualTo(message), "also when it came by SQL");
        Assert.That((await system.EndedAsync(small))["state"]!.GetValue<string>(), Is.EqualTo("succeeded"));
        Assert.That(await system.CountAsync($"files WHERE task_id = '{ended["id"]}'"), Is.EqualTo(2));
        Assert.That(await system.CountAsync("files"), Is.EqualTo(4));
        Assert.That(await system.ScalarAsync($"SELECT left(result, 6) FROM messaging.outcomes WHERE task_id = '{ended["id"]}'"), Is.EqualTo("@file:"));
    }
}

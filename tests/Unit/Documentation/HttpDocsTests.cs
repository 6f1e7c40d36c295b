using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>The tables of docs/http.md have what the code has: members and their bounds, states, failure codes, outcomes.</summary>
public sealed class HttpDocsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "http.md"));

    [Test]
    public void Every_member_of_a_task_is_there_with_its_bounds()
    {
        var members = Table("| member | what it may be");

        Assert.That(members.Keys, Is.EquivalentTo(typeof(SubmitTaskRequest).GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name))));
        Assert.Multiple(() =>
        {
            Assert.That(members["kind"], Does.Contain(Names.KindRule));
            Assert.That(members["input"], Does.Contain($"{SubmitTaskRequest.MaxInputBytes >> 20} MiB").And.Contain($"up to {InputSchema.MaxDepth} deep"));
            Assert.That(members["queue"], Does.Contain(Names.QueueRule));
            Assert.That(members["delay"], Does.Contain($"`P{SubmitTaskRequest.LongestDelay.TotalDays}D`"));
            Assert.That(members["runAt"], Does.Contain($"{SubmitTaskRequest.LongestDelay.TotalDays} days"));
            Assert.That(members["timeout"], Does.Contain($"`PT{SubmitTaskRequest.LongestTimeout.TotalHours}H`"));
            Assert.That(members["maxAttempts"], Does.Contain($"1 to {RetryPolicy.MostAttempts}"));
            Assert.That(members["tags"], Does.Contain($"up to {SubmitTaskRequest.MaxTags} ").And.Contain(Names.TagRule));
            Assert.That(members["idempotencyKey"], Does.Contain(Names.IdempotencyKeyRule));
            Assert.That(members["callback"], Does.Contain($"{CallbackRequest.LongestUrl:N0} characters"));
        });
    }

    [Test]
    public void Every_state_failure_code_and_outcome_is_there()
    {
        Assert.That(Table("| `state` |").Keys, Is.EqualTo(Enum.GetValues<TaskState>().Select(state => JsonSerializer.Serialize(state, MessagingJson.Payload).Trim('"'))));
        Assert.That(Table("| `failure.code` |").Keys, Is.EquivalentTo(Constants(typeof(FailureCodes))));
        Assert.That(Table("| `outcome` in").Keys, Is.EquivalentTo(Constants(typeof(AttemptOutcomes))));
    }

    /// <summary>The rows of a table by what stands in their first column.</summary>
    private static Dictionary<string, string> Table(string header)
    {
        var begin = Page.IndexOf("\n" + header, StringComparison.Ordinal);
        Assert.That(begin, Is.GreaterThan(0), header);
        return Page[(begin + 1)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(row => Regex.Match(row, @"^\| `([^`]+)` \| (.*) \|$"))
            .ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);
}
